/** Partitions by topic. */
export type Owned = Readonly<Record<string, readonly number[]>>;

export interface GroupMember {
  readonly id: string;
  /** What it had until now; partitions that are gone, or that another one claims too, do no harm. */
  readonly owned: Owned;
}

interface Share {
  readonly member: GroupMember;
  /** Of all topics so far. */
  total: number;
  readonly partitions: Map<string, number[]>;
}

/**
 * Deals the partitions of a group to its members so that each keeps what it had where it can: who joins or leaves moves
 * only what has to move (the aim of KIP-54 and KIP-429). Of each topic, and of all together, no member has more than one
 * partition more than another. The same input gives the same result, in whatever order the members come; the result,
 * taken as input, gives itself.
 * @param topics the partitions of each
 */
export function assignSticky(
  members: readonly GroupMember[],
  topics: ReadonlyMap<string, readonly number[]>,
): Map<string, Record<string, number[]>> {
  const shares = members
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((member): Share => ({ member, total: 0, partitions: new Map() }));
  if (shares.length > 0)
    for (const [topic, partitions] of [...topics].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      assignTopic(shares, topic, partitions);
  return new Map(shares.map(({ member, partitions }) => [member.id, Object.fromEntries(partitions)]));
}

function assignTopic(shares: readonly Share[], topic: string, partitions: readonly number[]): void {
  const free = new Set(partitions);
  const claims = new Map(shares.map((share) => [share, claim(share.member.owned[topic] ?? [], free)]));
  const quotas = quotasOf(shares, claims, partitions.length);
  for (const [share, claimed] of claims) {
    const quota = quotas.get(share)!;
    for (const partition of claimed.slice(quota)) free.add(partition);
    share.partitions.set(topic, claimed.slice(0, quota));
  }
  deal(
    shares,
    topic,
    quotas,
    partitions.filter((partition) => free.has(partition)),
  );
  for (const share of shares) share.total += share.partitions.get(topic)!.length;
}

/** What of it is there and nobody's yet; it is taken out of `free`. */
function claim(owned: readonly number[], free: Set<number>): number[] {
  return owned.filter((partition) => free.delete(partition)).toSorted((a, b) => a - b);
}

/** All get the same number; where that leaves some over, who has least so far gets one more, and before that who has it. */
function quotasOf(
  shares: readonly Share[],
  claims: ReadonlyMap<Share, readonly number[]>,
  count: number,
): Map<Share, number> {
  const each = Math.floor(count / shares.length);
  const over = count % shares.length;
  const hasMore = (share: Share): number => (claims.get(share)!.length > each ? 1 : 0);
  const first = shares.toSorted((a, b) => a.total - b.total || hasMore(b) - hasMore(a)).slice(0, over);
  const lucky = new Set(first);
  return new Map(shares.map((share) => [share, lucky.has(share) ? each + 1 : each]));
}

/** Like cards, to all who have less than their quota. */
function deal(
  shares: readonly Share[],
  topic: string,
  quotas: ReadonlyMap<Share, number>,
  free: readonly number[],
): void {
  let next = 0;
  const turn = (): Share => shares[next++ % shares.length]!;
  for (const partition of free) {
    let share = turn();
    while (share.partitions.get(topic)!.length >= quotas.get(share)!) share = turn();
    share.partitions.get(topic)!.push(partition);
  }
}
