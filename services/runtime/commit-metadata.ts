import { z } from 'zod';

/**
 * What a replica says of itself in the metadata string of every offset commit, so that whoever reads the
 * group's offsets reads its load in the same request. Format and rules: docs/commit-metadata.md.
 */
const schema = z.object({
  /** Version of this format. */
  v: z.literal(1),
  /** Replica: unique per process start. */
  r: z.string().min(1).max(64),
  /** Busy seconds since the process started: the integral of the fraction of its capacity in use. */
  b: z.number().nonnegative(),
  /** Messages settled since the process started. */
  n: z.int().nonnegative(),
  /** Messages taken over and not yet settled. */
  f: z.int().nonnegative(),
});
export type ReplicaLoad = z.infer<typeof schema>;

/** At most some 150 bytes; Kafka's default limit is 4,096 (offset.metadata.max.bytes). */
export function encodeCommitMetadata(load: ReplicaLoad): string {
  return JSON.stringify({ ...load, b: Math.round(load.b * 1_000) / 1_000 });
}

/** Undefined when the text is not of this format: some other client's metadata, or a later version. */
export function decodeCommitMetadata(text: string): ReplicaLoad | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
