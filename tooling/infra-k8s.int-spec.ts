import { beforeAll, describe, expect, it } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKustomize } from './infra/kustomize.ts';
import { Manifests, podOf, type Container } from './infra/manifests.ts';
import { type DeployedService, deployedServices, examples, isPinned, problemsOf, productVersion } from './infra/services.ts';
import { root } from './set-up.mjs';

const overlays = ['dev', 'production'] as const;
/** `own` is the overlay that docs/runbooks/deploy.md shows. */
type Overlay = (typeof overlays)[number] | 'own';

const rendered = new Map<Overlay, Manifests>();
const manifestsOf = (overlay: Overlay) => rendered.get(overlay) ?? new Manifests('');
let services: DeployedService[];

beforeAll(async () => {
  services = await deployedServices();
  const kustomize = await findKustomize();
  console.log(`rendered by ${kustomize.name}`);
  const copy = mkdtempSync(join(tmpdir(), 's101-k8s-'));
  cpSync(join(root, 'infra/k8s'), copy, { recursive: true });
  const own = Object.entries(examples).filter(([name]) => name.startsWith('SUPPORT101_'));
  writeFileSync(join(copy, 'overlays/dev/secrets.env'), own.map(([name, value]) => `${name}=${value}\n`).join(''));
  mkdirSync(join(copy, 'overlays/own'));
  writeFileSync(join(copy, 'overlays/own/kustomization.yaml'), shownOverlay());
  for (const overlay of [...overlays, 'own'] as const) {
    rendered.set(overlay, new Manifests(await kustomize.render(join(copy, 'overlays', overlay))));
  }
  rmSync(copy, { recursive: true });
}, 180_000);

const secrets = '/run/secrets/support101/';
const fileOf = (value: string) => (value.startsWith(`file://${secrets}`) ? value.slice(`file://${secrets}`.length) : undefined);

/** The environment as the service sees it, with fitting contents of its files. */
const asRead = (environment: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(environment).map(([name, value]) => [name, fileOf(value) === undefined ? value : (examples[name] ?? '')]),
  );

const runbook = () => readFileSync(join(root, 'docs/runbooks/deploy.md'), 'utf8');

function shownOverlay(): string {
  const [block] = /^ {4}resources: [^]*?\n\n/m.exec(runbook()) ?? [];
  if (block === undefined) throw new Error('docs/runbooks/deploy.md shows no overlay');
  return block.replaceAll(/^ {4}/gm, '');
}

/** The keys of the Secrets that docs/runbooks/deploy.md tells to make. */
function documentedSecrets(): Record<string, string[]> {
  const rows = [...runbook().matchAll(/^\| `(support101-[a-z-]+)` \| (.*) \|$/gm)];
  return Object.fromEntries(
    rows.map(([, name = '', keys = '']) => [name, keys.split(', ').map((key) => key.replaceAll('`', ''))]),
  );
}

const portOf = ({ ports = [] }: Container, name: string | number | undefined) =>
  ports.find((port) => port.name === name)?.containerPort;

describe.each(overlays)('the overlay %s', (overlay) => {
  it('has the whole shape for each service, and a migration for each that owns a schema', () => {
    const manifests = manifestsOf(overlay);
    const kinds = ['Deployment', 'Service', 'ServiceAccount', 'PodDisruptionBudget', 'HorizontalPodAutoscaler', 'NetworkPolicy'];
    const names = services.map(({ name }) => `support101-${name}`);

    for (const kind of kinds) {
      const found = manifests.of(kind).map(({ metadata }) => metadata.name);
      expect([kind, found.filter((name) => name.startsWith('support101-')).toSorted()]).toEqual([kind, names]);
    }
    expect(
      manifests
        .of('Job')
        .map(({ metadata }) => metadata.name)
        .toSorted(),
    ).toEqual(services.filter(({ migrates }) => migrates).map(({ name }) => `support101-migrate-${name}`));
  });

  it('gives each process an environment that it starts with, and a Secret with the files that this names', () => {
    const manifests = manifestsOf(overlay);
    const documented = documentedSecrets();

    const problems = services.flatMap((service) => {
      const jobs = service.migrates ? [manifests.get('Job', `support101-migrate-${service.name}`)] : [];
      return [manifests.get('Deployment', `support101-${service.name}`), ...jobs].flatMap((workload) => {
        const { container, volumes = [] } = podOf(workload);
        const environment = manifests.environmentOf(container);
        const files = Object.values(environment).flatMap((value) => fileOf(value) ?? []);
        const secret = volumes.find(({ secret: named }) => named !== undefined)?.secret?.secretName ?? 'none';
        const keys = overlay === 'dev' ? Object.keys(manifests.get('Secret', secret).data ?? {}) : (documented[secret] ?? []);
        return [
          ...problemsOf(service, asRead(environment)),
          ...files.filter((file) => !keys.includes(file)).map((file) => `${workload.metadata.name}: ${secret} has no ${file}`),
          ...keys
            .filter((key) => overlay === 'production' && !files.includes(key))
            .map((key) => `${secret}: nobody reads ${key}`),
        ];
      });
    });

    expect(problems).toEqual([]);
  });

  it('asks each process how it is on its management port, and reaches the ports that it listens on', () => {
    const manifests = manifestsOf(overlay);
    for (const { name } of services) {
      const { container } = podOf(manifests.get('Deployment', `support101-${name}`));
      const environment = manifests.environmentOf(container);
      const { startupProbe, livenessProbe, readinessProbe } = container;
      const probes = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet);

      expect(probes.map((probe) => probe?.path)).toEqual(['/health/live', '/health/live', '/health/ready']);
      for (const probe of probes) expect(`${portOf(container, probe?.port)}`).toBe(environment['MANAGEMENT_PORT']);
      const targets = manifests
        .get('Service', `support101-${name}`)
        .spec?.ports?.map(({ targetPort }) => portOf(container, targetPort));
      expect(targets).toEqual(
        ['MANAGEMENT_PORT', 'PORT'].flatMap((variable) => Number(environment[variable] ?? Number.NaN) || []),
      );
    }
  });

  it('selects, for each service, its own pods and never those of a migration', () => {
    const manifests = manifestsOf(overlay);
    for (const { name } of services) {
      const deployment = manifests.get('Deployment', `support101-${name}`);
      const own = [`Deployment support101-${name}`];
      const spread = podOf(deployment).topologySpreadConstraints?.map(({ labelSelector }) => labelSelector.matchLabels) ?? [];
      const selectors = [
        deployment.spec?.selector?.matchLabels,
        manifests.get('Service', `support101-${name}`).spec?.selector,
        manifests.get('PodDisruptionBudget', `support101-${name}`).spec?.selector?.matchLabels,
        ...spread,
      ];

      expect(selectors.map((selector) => manifests.selected(selector ?? {}))).toEqual(selectors.map(() => own));
      expect(spread).toHaveLength(2);
      expect(manifests.get('HorizontalPodAutoscaler', `support101-${name}`).spec?.scaleTargetRef).toMatchObject({
        kind: 'Deployment',
        name: `support101-${name}`,
      });
    }
  });

  it('denies all traffic but what each process needs', () => {
    const manifests = manifestsOf(overlay);
    const portsOf = (rules: readonly { ports?: readonly { port: number | string }[] }[] = []) =>
      rules.flatMap(({ ports = [] }) => ports.map(({ port }) => port));
    const enginePort = (value: string) => Number(new URL(value).port) || (value.startsWith('https:') ? 443 : 80);

    expect(manifests.get('NetworkPolicy', 'deny-all').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    for (const { name, migrates } of services) {
      const { spec } = manifests.get('NetworkPolicy', `support101-${name}`);
      const { container } = podOf(manifests.get('Deployment', `support101-${name}`));
      const environment = asRead(manifests.environmentOf(container));
      const urls = Object.entries(environment).filter(([variable]) => /_(URL|ENDPOINT)$/.test(variable));
      const needed = [...urls.map(([, value]) => enginePort(value)), ...('OPENAI_API_KEY' in environment ? [443] : [])];
      const pods = [...(migrates ? [`Job support101-migrate-${name}`] : []), `Deployment support101-${name}`];

      expect([name, new Set(portsOf(spec?.egress))]).toEqual([name, new Set(needed)]);
      expect(portsOf(spec?.ingress)).toEqual((container.ports ?? []).map((port) => port.name));
      expect(spec?.ingress?.every(({ from = [] }) => from.length > 0)).toBe(true);
      expect(manifests.selected(spec?.podSelector?.matchLabels ?? {}).toSorted()).toEqual(pods.toSorted());
    }
  });

  it('runs every pod as the restricted standard wants it, which the namespace enforces', () => {
    const manifests = manifestsOf(overlay);
    const [namespace] = manifests.of('Namespace');

    expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    for (const workload of manifests.workloads()) {
      const { securityContext, automountServiceAccountToken, container, volumes = [] } = podOf(workload);
      expect(workload.metadata.namespace).toBe(namespace?.metadata.name);
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(automountServiceAccountToken).toBe(false);
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toEqual({
        requests: { cpu: expect.stringMatching(/m$/), memory: expect.stringMatching(/Mi$/) },
        limits: { memory: expect.stringMatching(/Mi$/) },
      });
      expect(volumes.every((volume) => Object.keys(volume).some((kind) => ['secret', 'emptyDir'].includes(kind)))).toBe(true);
    }
  });

  it('pins every image, the services’ to the version of the product, and lets them write to /tmp', () => {
    const manifests = manifestsOf(overlay);
    const images = manifests.workloads().map((workload) => podOf(workload).container.image);

    expect(images.filter((image) => !isPinned(image))).toEqual([]);
    for (const { name } of services) {
      const { container, terminationGracePeriodSeconds } = podOf(manifests.get('Deployment', `support101-${name}`));
      expect(container.image).toBe(`support101/${name}:${productVersion()}`);
      expect(container.volumeMounts?.filter(({ readOnly }) => readOnly !== true).map(({ mountPath }) => mountPath)).toEqual([
        '/tmp',
      ]);
      expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(60);
    }
    for (const job of manifests.of('Job')) expect(podOf(job).container.args).toEqual(['migrate']);
  });
});

describe('production', () => {
  it('has two or more of each service, and no secret or engine inside', () => {
    const manifests = manifestsOf('production');
    const scalers = manifests.of('HorizontalPodAutoscaler').map(({ spec }) => spec);

    expect(scalers.every((spec) => (spec?.minReplicas ?? 0) >= 2 && (spec?.maxReplicas ?? 0) > (spec?.minReplicas ?? 0))).toBe(
      true,
    );
    expect([...manifests.of('Secret'), ...manifests.of('StatefulSet')]).toEqual([]);
    expect(Object.keys(documentedSecrets()).toSorted()).toEqual(services.map(({ name }) => `support101-${name}`));
  });
});

describe('the overlay that the runbook shows', () => {
  it('lets the outside in at its host, to the API of the gateway and nowhere else', () => {
    const manifests = manifestsOf('own');
    const ingresses = manifests.of('Ingress').map(({ spec }) => spec);
    const backends = ingresses.flatMap((spec) =>
      spec?.rules?.flatMap(({ http }) => http.paths.map(({ backend }) => backend.service)),
    );
    const ports = manifests.get('Service', 'support101-gateway').spec?.ports?.map(({ name, targetPort }) => [name, targetPort]);

    expect(backends).toEqual([{ name: 'support101-gateway', port: { name: 'api' } }]);
    expect(ports).toContainEqual(['api', 'api']);
    expect(ingresses.map((spec) => [spec?.rules?.map(({ host }) => host), spec?.tls])).toEqual([
      [['support.acme.example'], [{ hosts: ['support.acme.example'], secretName: 'support101-tls' }]],
    ]);
    expect(podOf(manifests.get('Deployment', 'support101-gateway')).container.image).toMatch(/^registry\.example\.com\//);
  });
});

describe('dev', () => {
  it('has the engines that the URLs of its Secret name, and lets the services’ pods reach them', () => {
    const manifests = manifestsOf('dev');
    const policy = manifests.get('NetworkPolicy', 'engines').spec;
    const [reached] = policy?.ingress ?? [];
    const data = manifests.of('Secret').flatMap((secret) => Object.entries(secret.data ?? {}));
    const urls = data
      .filter(([name]) => name.endsWith('_URL'))
      .map(([, value]) => new URL(Buffer.from(value, 'base64').toString()));

    for (const { hostname, port } of urls) {
      const { container } = podOf(manifests.get('StatefulSet', hostname));
      expect(manifests.get('Service', hostname).spec?.ports).toEqual([
        { name: hostname, port: Number(port), targetPort: hostname },
      ]);
      expect(portOf(container, hostname)).toBe(Number(port));
      expect(reached?.ports).toContainEqual({ port: hostname, protocol: 'TCP' });
    }
    expect(urls.map(({ hostname }) => hostname).toSorted()).toEqual(['nats', 'postgres', 'redis']);
    expect(manifests.selected(policy?.podSelector?.matchLabels ?? {})).toHaveLength(urls.length);
  });
});
