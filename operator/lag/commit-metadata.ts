import type { ReplicaLoad } from '../scaling/types.ts';

const VERSION = 1;
const MAX_REPLICA_LENGTH = 64;

/**
 * What a replica says of itself in the metadata of its commits: docs/commit-metadata.md. Undefined when the text is not
 * of this format: another client's metadata, a later version, or none. Called for every partition of every group in
 * every tick, so it checks by hand.
 */
export function decodeCommitMetadata(text: string | null): ReplicaLoad | undefined {
  if (!text?.startsWith('{')) return undefined;
  try {
    return toLoad(JSON.parse(text) as Readonly<Record<string, unknown>>);
  } catch {
    return undefined;
  }
}

function toLoad({ v, r, b, n, f }: Readonly<Record<string, unknown>>): ReplicaLoad | undefined {
  if (v !== VERSION || typeof r !== 'string' || r === '' || r.length > MAX_REPLICA_LENGTH) return undefined;
  if (typeof b !== 'number' || !Number.isFinite(b) || b < 0 || !isCount(n) || !isCount(f)) return undefined;
  return { replica: r, busySeconds: b, settled: n, inFlight: f };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
