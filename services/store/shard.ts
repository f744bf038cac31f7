/** Shards of the outbox. Fixed: rows carry their shard, and relays share them out by advisory locks. */
export const SHARDS = 16;

/** Shard of a key: FNV-1a (32 bit) over its UTF-16 code units, modulo SHARDS. */
export function shardOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) {
    hash ^= key.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % SHARDS;
}
