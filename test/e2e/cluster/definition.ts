import { z } from 'zod';
import type { Kubectl } from './kubectl.ts';

const NAME = 'stagescalers.sluice.dev';
const RELEASE = 'meta.helm.sh/release-name';
const NAMESPACE = 'meta.helm.sh/release-namespace';

const definitionSchema = z.object({
  metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }),
});
const scalersSchema = z.object({
  items: z.array(z.object({ metadata: z.object({ namespace: z.string() }) })),
});

/** The definition of StageScaler, which a cluster has once, whoever has brought it. */
export class Definition {
  private readonly kubectl: Kubectl;
  private readonly release: string;

  /** @param release the one in the namespace of `kubectl` that may bring it */
  constructor(kubectl: Kubectl, release: string) {
    this.kubectl = kubectl;
    this.release = release;
  }

  /**
   * Removes one that an earlier run has left. Resolves to the values with which the release is to be installed: one
   * that belongs to somebody else is used as it is.
   */
  async prepare(): Promise<string[]> {
    await this.remove();
    const owner = await this.owner();
    return owner === undefined || owner === this.own ? [] : ['crds.enabled=false'];
  }

  /** Removes it, if it came with the release and nobody else has come to use it. */
  async remove(): Promise<void> {
    if ((await this.owner()) !== this.own || (await this.isUsedElsewhere())) return;
    await this.kubectl.run(['delete', 'customresourcedefinition', NAME, '--wait']);
  }

  /** `namespace/release`, empty when no release has brought it; undefined: there is none. */
  async owner(): Promise<string | undefined> {
    const found = await this.kubectl.run([
      'get',
      'customresourcedefinition',
      NAME,
      '--ignore-not-found',
      '--output=json',
    ]);
    if (found.trim() === '') return undefined;
    const { annotations } = definitionSchema.parse(JSON.parse(found)).metadata;
    return [annotations[NAMESPACE], annotations[RELEASE]].filter(Boolean).join('/');
  }

  get own(): string {
    return `${this.kubectl.options.namespace}/${this.release}`;
  }

  private async isUsedElsewhere(): Promise<boolean> {
    const { items } = await this.kubectl.json(scalersSchema, 'get', 'stagescalers', '--all-namespaces');
    return items.some(({ metadata }) => metadata.namespace !== this.kubectl.options.namespace);
  }
}
