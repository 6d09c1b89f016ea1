import { parseAllDocuments } from 'yaml';

/** Any rendered object; what is read of it is what the checks ask for. */
export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  readonly spec?: Spec;
  readonly data?: Readonly<Record<string, string>>;
}

export type Labels = Readonly<Record<string, string>>;

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly envFrom?: readonly { readonly configMapRef?: { readonly name: string } }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[];
}

export interface PodSpec {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly topologySpreadConstraints?: readonly { readonly labelSelector: { readonly matchLabels: Labels } }[];
  readonly containers: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[];
}

interface PolicyRule {
  readonly from?: readonly object[];
  readonly to?: readonly object[];
  readonly ports?: readonly { readonly port: number | string }[];
}

interface IngressRule {
  readonly host: string;
  readonly http: { readonly paths: readonly { readonly backend: { readonly service: object } }[] };
}

interface Spec {
  readonly selector?: Labels & { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly template?: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  readonly ports?: readonly { readonly name: string; readonly port: number; readonly targetPort: number | string }[];
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly maxUnavailable?: number;
  readonly scaleTargetRef?: { readonly kind: string; readonly name: string };
  readonly ingress?: readonly PolicyRule[];
  readonly egress?: readonly PolicyRule[];
  readonly policyTypes?: readonly string[];
  readonly rules?: readonly IngressRule[];
  readonly tls?: readonly object[];
}

/** Everything that a rendered overlay applies. */
export class Manifests {
  readonly all: readonly Manifest[];

  constructor(text: string) {
    this.all = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
  }

  of(kind: string): Manifest[] {
    return this.all.filter((manifest) => manifest.kind === kind);
  }

  /** Throws when it is not there. */
  get(kind: string, name: string): Manifest {
    const found = this.of(kind).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`no ${kind} ${name}`);
    return found;
  }

  /** What runs pods. */
  workloads(): Manifest[] {
    return this.all.filter(({ spec }) => spec?.template !== undefined);
  }

  /** The workloads whose pods have all of these labels. */
  selected(labels: Labels): string[] {
    return this.workloads()
      .filter(({ spec }) => Object.entries(labels).every(([name, value]) => spec?.template?.metadata.labels[name] === value))
      .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  }

  /** The environment that a container gets from its ConfigMaps. */
  environmentOf({ envFrom = [] }: Container): Record<string, string> {
    const maps = envFrom.map(({ configMapRef }) => this.get('ConfigMap', configMapRef?.name ?? '').data ?? {});
    return Object.assign({}, ...maps) as Record<string, string>;
  }
}

/** The pod of a workload; throws when it has none. */
export function podOf({ kind, metadata, spec }: Manifest): PodSpec & { readonly container: Container } {
  const pod = spec?.template?.spec;
  const [container] = pod?.containers ?? [];
  if (pod === undefined || container === undefined) throw new Error(`${kind} ${metadata.name} has no container`);
  return { ...pod, container };
}
