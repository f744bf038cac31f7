/**
 * The books of the remote system: what became of each idempotency key.
 *
 *   (nothing) ──execute──▶ executed ──reverse──▶ reversed
 *       │  └────decline──▶ declined ──reverse──▶ tombstone
 *       └────────────────────reverse───────────▶ tombstone
 *
 * `executed` is the only way to an effect and only a key without an entry leads there, so a key has one effect
 * at most. Nothing leads out of `reversed` and `tombstone`: an original that comes later is refused.
 */
export type EntryState = 'executed' | 'declined' | 'reversed' | 'tombstone';

/** About 200 bytes of memory with its key, whatever was in the request. */
export interface Entry {
  /** Counts the entries from 1, in the order in which they came into being. */
  readonly seq: number;
  /** Unix ms when it came into being. */
  readonly atMs: number;
  /** 48 bits of a digest of the request's body. 0 for a tombstone: no body was seen. */
  readonly fingerprint: number;
  readonly state: EntryState;
  readonly transactionKey: string | undefined;
}

export interface Original {
  readonly key: string;
  readonly fingerprint: number;
  readonly transactionKey: string | undefined;
  /** Refuse it for business reasons, if it is new. */
  readonly decline: boolean;
  readonly nowMs: number;
}

export type OriginalOutcome =
  /** `fresh` false: the same request was answered before; nothing has happened now. */
  | { readonly kind: 'executed' | 'declined'; readonly entry: Entry; readonly fresh: boolean }
  /** Same key, other body. */
  | { readonly kind: 'mismatch' }
  /** A reversal came before. */
  | { readonly kind: 'undone' };

export interface ReversalOutcome {
  /** Whether there was an effect to undo. */
  readonly reversed: boolean;
  readonly entry: Entry;
  readonly fresh: boolean;
}

export class Ledger {
  private readonly byKey = new Map<string, Entry>();
  private seq = 0;
  private readonly counts: Record<EntryState, number> = {
    executed: 0,
    declined: 0,
    reversed: 0,
    tombstone: 0,
  };

  get size(): number {
    return this.byKey.size;
  }

  /** Entries by state. */
  get totals(): Readonly<Record<EntryState, number>> {
    return this.counts;
  }

  get(key: string): Entry | undefined {
    return this.byKey.get(key);
  }

  /** Every entry in order of `seq`, those that come into being meanwhile left out. */
  *entries(): Generator<[string, Entry]> {
    const last = this.seq;
    for (const pair of this.byKey) if (pair[1].seq <= last) yield pair;
  }

  execute(original: Original): OriginalOutcome {
    const { key, fingerprint, transactionKey, nowMs } = original;
    const known = this.byKey.get(key);
    if (!known) {
      const kind = original.decline ? 'declined' : 'executed';
      const entry: Entry = { seq: ++this.seq, atMs: nowMs, fingerprint, state: kind, transactionKey };
      this.put(key, entry);
      return { kind, entry, fresh: true };
    }
    if (known.state === 'reversed' || known.state === 'tombstone') return { kind: 'undone' };
    if (known.fingerprint !== fingerprint) return { kind: 'mismatch' };
    return { kind: known.state, entry: known, fresh: false };
  }

  /** Undoes the effect of a key, or sees to it that there never will be one. */
  reverse(key: string, nowMs: number): ReversalOutcome {
    const known = this.byKey.get(key);
    if (known?.state === 'reversed') return { reversed: true, entry: known, fresh: false };
    if (known?.state === 'tombstone') return { reversed: false, entry: known, fresh: false };
    const reversed = known?.state === 'executed';
    const base = known ?? { seq: ++this.seq, atMs: nowMs, fingerprint: 0, transactionKey: undefined };
    const entry: Entry = { ...base, state: reversed ? 'reversed' : 'tombstone' };
    this.put(key, entry);
    return { reversed, entry, fresh: true };
  }

  /** Puts back what was written down before a restart; a later record of a key replaces an earlier one. */
  restore(key: string, entry: Entry): void {
    this.seq = Math.max(this.seq, entry.seq);
    this.put(key, entry);
  }

  clear(): void {
    this.byKey.clear();
    this.seq = 0;
    for (const state of Object.keys(this.counts)) this.counts[state as EntryState] = 0;
  }

  private put(key: string, entry: Entry): void {
    const before = this.byKey.get(key);
    if (before) this.counts[before.state]--;
    this.counts[entry.state]++;
    this.byKey.set(key, entry);
  }
}
