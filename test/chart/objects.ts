/** Objects of Kubernetes, as far as tests look into them. */
export type Labels = Readonly<Record<string, string>>;

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Labels;
  readonly annotations?: Labels;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string;
}

export interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly EnvVar[];
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly ports?: readonly {
    readonly name: string;
    readonly containerPort: number;
    readonly hostPort?: number;
  }[];
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly securityContext?: object;
  readonly readinessProbe?: object;
  readonly livenessProbe?: object;
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
  readonly securityContext?: { readonly runAsUser?: number };
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly object[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Labels; readonly annotations?: Labels };
  readonly spec: PodSpec;
}

/** Fields of the specs of every kind, as the kind has them. */
export interface Spec {
  readonly replicas?: number;
  readonly selector?: Readonly<Record<string, unknown>>;
  readonly template?: PodTemplate;
  readonly jobTemplate?: { readonly spec: { readonly template: PodTemplate } };
  readonly ports?: readonly { readonly targetPort: string }[];
  readonly maxUnavailable?: number | string;
  readonly scaleTargetRef?: { readonly name: string };
  readonly kafka?: { readonly consumerGroup: string; readonly topics: readonly string[] };
  readonly upstream?: readonly string[];
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec?: Spec;
  readonly data?: Labels;
  /** Of a role. */
  readonly rules?: readonly object[];
}

export interface OwnedPod extends PodTemplate {
  /** `Kind name` of the object that makes it. */
  readonly name: string;
  readonly component: string;
  /** The only one there is. */
  readonly container: Container;
  readonly selector: Labels;
}

/** The template of every pod that these objects lead to. */
export function podsOf(objects: readonly KubeObject[]): OwnedPod[] {
  return objects.flatMap((owner) => {
    const own = owner.kind === 'Pod' ? (owner as unknown as PodTemplate) : undefined;
    const template = own ?? owner.spec?.jobTemplate?.spec.template ?? owner.spec?.template;
    return template ? [podOf(owner, template)] : [];
  });
}

function podOf(owner: KubeObject, template: PodTemplate): OwnedPod {
  const name = nameOf(owner);
  const [container, ...others] = template.spec.containers;
  if (!container || others.length > 0) throw new Error(`${name} has not one container: look at all of them.`);
  const component = template.metadata.labels['app.kubernetes.io/component'] ?? '';
  const selector = (owner.spec?.selector?.['matchLabels'] ?? {}) as Labels;
  return { ...template, name, component, container, selector };
}

export function nameOf({ kind, metadata }: KubeObject): string {
  return `${kind} ${metadata.name}`;
}

/** The names of those that are not as they should be. */
export function offenders<Item extends { readonly name: string }>(
  items: readonly Item[],
  isRight: (item: Item) => boolean,
): string[] {
  return items.filter((item) => !isRight(item)).map(({ name }) => name);
}

/** Whether the value has everything that the pattern has, at any depth; a RegExp stands for text that it matches. */
export function has(value: unknown, pattern: unknown): boolean {
  if (pattern instanceof RegExp) return typeof value === 'string' && pattern.test(value);
  if (typeof pattern !== 'object' || pattern === null) return value === pattern;
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(pattern).every(([key, inner]) => has((value as Record<string, unknown>)[key], inner));
}

/** The texts of `field` in every object that stands under one of `keys`, at any depth. */
export function namesAt(value: unknown, keys: readonly string[], field: string): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => namesAt(item, keys, field));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const named = keys.includes(key) && has(inner, { [field]: /./ });
    const own = named ? [(inner as Record<string, string>)[field]!] : [];
    return [...own, ...namesAt(inner, keys, field)];
  });
}
