import { z } from 'zod';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject } from './kube-object.ts';

const pageSchema = z.object({
  metadata: z.object({ resourceVersion: z.string().default(''), continue: z.string().optional() }),
  items: z.array(z.looseObject({ metadata: z.looseObject({ name: z.string() }) })).nullable(),
});

const PAGE = 500;
const TIMEOUT_MS = 30_000;

/** All objects of a collection, page by page, and the version from which to watch. @throws KubeError */
export async function listAll(
  api: KubeApi,
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly objects: readonly KubeObject[]; readonly resourceVersion: string }> {
  const objects: KubeObject[] = [];
  let next: string | undefined;
  for (;;) {
    const query = { limit: PAGE, continue: next };
    const options = { method: 'GET', path, query, timeoutMs: TIMEOUT_MS } as const;
    const page = pageSchema.parse(await api.request(signal ? { ...options, signal } : options));
    objects.push(...((page.items ?? []) as unknown as KubeObject[]));
    next = page.metadata.continue;
    if (!next) return { objects, resourceVersion: page.metadata.resourceVersion };
  }
}
