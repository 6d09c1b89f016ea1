import { beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type DeployedService, deployedServices, examples, isPinned, problemsOf, productVersion } from './infra/services.ts';
import { root } from './set-up.mjs';

interface ComposeService {
  readonly image: string;
  readonly build?: { context: string; dockerfile: string; args?: Record<string, string> };
  readonly environment?: Record<string, string>;
  readonly ports?: string[];
  readonly volumes?: string[];
  readonly depends_on?: Record<string, { condition: string }> | string[];
  readonly healthcheck?: { test: string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: string[];
  readonly security_opt?: string[];
  readonly profiles?: string[];
  readonly stop_grace_period?: string;
}

const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as { services: Record<string, ComposeService>; volumes: Record<string, null> };
const all = Object.entries(compose.services);

let services: DeployedService[];
beforeAll(async () => {
  services = await deployedServices();
}, 60_000);

const composed = ({ name }: DeployedService): ComposeService => compose.services[name] ?? { image: '' };

/** As compose fills it in: what must be given from the examples, what has a default by it. */
function filledIn(environment: Readonly<Record<string, string>> = {}): Record<string, string> {
  const value = (text: string) =>
    text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, sign: string, rest: string) =>
      sign === '?' ? (examples[name] ?? '') : rest,
    );
  return Object.fromEntries(Object.entries(environment).map(([name, each]) => [name, value(String(each))]));
}

describe('docker-compose.yml', () => {
  it('has each service, built from the one Dockerfile and tagged with the version', () => {
    const built = services.map((service) => [service.name, composed(service).build, composed(service).image]);

    expect(built).toEqual(
      services.map(({ name }) => [
        name,
        { context: '.', dockerfile: 'infra/docker/Dockerfile', args: { SERVICE: name } },
        `support101/${name}:${productVersion()}`,
      ]),
    );
  });

  it('gives each service an environment that it starts with, and nothing that it does not read', () => {
    const problems = services.flatMap((service) => problemsOf(service, filledIn(composed(service).environment)));

    expect(problems).toEqual([]);
  });

  it('waits for each engine that an environment names until it is healthy, and finds its health out', () => {
    const hosts = services.flatMap((service) =>
      Object.entries(filledIn(composed(service).environment))
        .filter(([name, value]) => name.endsWith('_URL') && value !== '')
        .map(([, value]) => ({ service, host: new URL(value).hostname })),
    );

    expect(new Set(hosts.map(({ host }) => host))).toEqual(new Set(['nats', 'postgres', 'redis']));
    for (const { service, host } of hosts) {
      expect([service.name, composed(service).depends_on]).toEqual([
        service.name,
        expect.objectContaining({ [host]: { condition: 'service_healthy' } }),
      ]);
      expect(compose.services[host]?.healthcheck?.test[0]).toBe('CMD');
    }
  });

  it('publishes the API on the port that the gateway listens on, and nothing else to other machines', () => {
    const open = all.flatMap(([name, { ports = [] }]) =>
      ports.filter((port) => !port.startsWith('127.0.0.1:')).map((port) => [name, port.replace(/.*:/, '')]),
    );

    expect(open).toEqual([['gateway', composed({ name: 'gateway' } as DeployedService).environment?.['PORT']]]);
  });

  it('pins every image, mounts only what exists, and keeps what is to be kept in volumes that it declares', () => {
    const mounted = all.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''));

    expect(all.filter(([, { image }]) => !isPinned(image)).map(([name]) => name)).toEqual([]);
    expect(mounted.filter((path) => path.startsWith('.') && !existsSync(join(root, path)))).toEqual([]);
    expect(mounted.filter((path) => !path.startsWith('.')).toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
  });

  it('runs everything without rights, on a root that cannot be written', () => {
    const rights = all.map(([name, { read_only, cap_drop, security_opt }]) => ({ name, read_only, cap_drop, security_opt }));

    expect(rights).toEqual(
      all.map(([name]) => ({ name, read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })),
    );
  });

  it('holds no secret', () => {
    const secrets = all.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name, value]) => /PASSWORD|KEY|SECRET/.test(name) || /:\/\/[^/]*:[^/]*@/.test(value)),
    );

    expect(secrets.length).toBeGreaterThan(5);
    expect(secrets.filter(([, value]) => !/^[^$]*\$\{\w+:[-?][^}]*\}[^$]*$/.test(value))).toEqual([]);
    expect(secrets.filter(([, value]) => /:-[^}]/.test(value))).toEqual([]);
  });
});
