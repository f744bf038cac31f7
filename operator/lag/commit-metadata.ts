import { z } from 'zod';
import type { ReplicaLoad } from '../scaling/types.ts';

/** What a replica says of itself in the metadata of its commits: docs/commit-metadata.md. */
const schema = z.object({
  v: z.literal(1),
  r: z.string().min(1).max(64),
  b: z.number().nonnegative(),
  n: z.int().nonnegative(),
  f: z.int().nonnegative(),
});

/** Undefined when the text is not of this format: another client's metadata, a later version, or none. */
export function decodeCommitMetadata(text: string | null): ReplicaLoad | undefined {
  if (!text?.startsWith('{')) return undefined;
  try {
    const { r, b, n, f } = schema.parse(JSON.parse(text));
    return { replica: r, busySeconds: b, settled: n, inFlight: f };
  } catch {
    return undefined;
  }
}
