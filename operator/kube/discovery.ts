import { z } from 'zod';
import { TargetError } from '../targets/target-error.ts';
import type { KubeApi } from './kube-api.ts';
import { hasStatus } from './kube-error.ts';

const resourcesSchema = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string() })),
});
type Resources = z.infer<typeof resourcesSchema>['resources'];

const KNOWN_MS = 300_000;

/** Names of resources by their kinds, as the API server has them. */
export class Discovery {
  private readonly api: KubeApi;
  private readonly known = new Map<string, { readonly resources: Resources; readonly at: number }>();

  constructor(api: KubeApi) {
    this.api = api;
  }

  /** The plural of a kind that can be scaled. @throws TargetError where there is none; KubeError */
  async scalable(apiVersion: string, kind: string): Promise<string> {
    const resources = await this.resources(apiVersion);
    const plural = resources.find((one) => one.kind === kind && !one.name.includes('/'))?.name;
    if (plural === undefined) throw new TargetError('missing', `there is no kind ${kind} in ${apiVersion}`);
    if (resources.some(({ name }) => name === `${plural}/scale`)) return plural;
    throw new TargetError('missing', `${kind} in ${apiVersion} has no scale subresource`);
  }

  private async resources(apiVersion: string): Promise<Resources> {
    const before = this.known.get(apiVersion);
    if (before && performance.now() - before.at < KNOWN_MS) return before.resources;
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const { resources } = resourcesSchema.parse(await this.api.request({ method: 'GET', path }));
      this.known.set(apiVersion, { resources, at: performance.now() });
      return resources;
    } catch (error) {
      if (hasStatus(error, 404)) throw new TargetError('missing', `there is no API ${apiVersion}`);
      throw error;
    }
  }
}
