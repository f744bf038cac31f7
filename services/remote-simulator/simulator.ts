import { Gate } from './gate.ts';
import { sampleLatencyMs } from './latency.ts';
import type { Ledger } from './ledger.ts';
import type { Journal } from './journal.ts';
import type { Random } from './random.ts';
import { createRandom } from './random.ts';
import type { Settings } from './settings.ts';
import { DEFAULT_SETTINGS, changeSettings } from './settings.ts';

export interface OriginalCall {
  readonly key: string;
  readonly fingerprint: number;
  readonly transactionKey: string | undefined;
}

export type Answer =
  | { readonly kind: 'executed'; readonly key: string; readonly seq: number }
  | { readonly kind: 'declined' | 'mismatch' | 'undone' | 'error' }
  | { readonly kind: 'reversed'; readonly reversed: boolean }
  /** Beyond the capacity. */
  | { readonly kind: 'busy'; readonly retryAfterSeconds: number }
  /** There will be no answer. The call holds its place until the caller gives up: call `release` then. */
  | { readonly kind: 'hang'; readonly release: () => void };

/** Calls by what became of them, since the start or the last clearing. */
export interface Counters {
  duplicates: number;
  mismatches: number;
  refusedAfterReversal: number;
  refusedBusy: number;
  errors: number;
  hung: number;
}

export interface Summary extends Counters {
  readonly effects: number;
  readonly reversals: number;
  readonly tombstones: number;
  readonly declined: number;
  readonly inFlight: number;
  readonly queued: number;
}

type Fate = 'answer' | 'errorBefore' | 'errorAfter' | 'decline' | 'hangBefore' | 'hangAfter';

export interface SimulatorOptions {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly settings?: Settings;
  /** Unix ms. */
  readonly now?: () => number;
}

/**
 * A remote system that can be slow, small and unreliable, and keeps exact books. A call goes on to its end
 * when its caller has gone, as it would anywhere else. Duplicates, reversals and originals meet at one point,
 * the ledger, when their latency is over: whichever gets there first decides.
 */
export class Simulator {
  readonly ledger: Ledger;
  private readonly journal: Journal;
  private readonly now: () => number;
  private readonly gate: Gate;
  private current: Settings;
  private random: Random;
  private counters = noCounts();

  constructor(options: SimulatorOptions) {
    this.ledger = options.ledger;
    this.journal = options.journal;
    this.now = options.now ?? Date.now;
    this.current = options.settings ?? DEFAULT_SETTINGS;
    this.random = createRandom(this.current.seed);
    this.gate = new Gate(this.current);
  }

  get settings(): Settings {
    return this.current;
  }

  /**
   * Holds for calls that arrive from now on; fields that are not named keep their value.
   * @throws SettingsError that lists every mistake
   */
  configure(change: unknown): Settings {
    const before = this.current;
    this.current = changeSettings(before, change);
    if (typeof change === 'object' && change !== null && 'seed' in change)
      this.random = createRandom(this.current.seed);
    this.gate.configure(this.current);
    return this.current;
  }

  summary(): Summary {
    const { executed, declined, reversed, tombstone } = this.ledger.totals;
    const books = { effects: executed + reversed, reversals: reversed, tombstones: tombstone, declined };
    return { ...books, ...this.counters, inFlight: this.gate.inFlight, queued: this.gate.queued };
  }

  /** Forgets everything that has happened. Calls under way go on and are written into the empty ledger. */
  async clear(): Promise<void> {
    this.ledger.clear();
    this.counters = noCounts();
    await this.journal.clear();
  }

  execute(call: OriginalCall): Promise<Answer> {
    return this.serve((decline) => this.takeEffect(call, decline));
  }

  reverse(key: string): Promise<Answer> {
    return this.serve(async () => {
      const { reversed, entry, fresh } = this.ledger.reverse(key, this.now());
      if (fresh) await this.journal.write(key, entry);
      else await this.replay();
      return { kind: 'reversed', reversed };
    });
  }

  /** What every call goes through: capacity, latency, then its fate. */
  private async serve(act: (decline: boolean) => Promise<Answer>): Promise<Answer> {
    const latencyMs = sampleLatencyMs(this.current, this.random);
    const fate = drawFate(this.current, this.random());
    const entered = this.gate.enter();
    if (entered === false) {
      this.counters.refusedBusy++;
      return { kind: 'busy', retryAfterSeconds: this.current.retryAfterSeconds };
    }
    if (entered !== true) await entered;
    let hung = false;
    try {
      if (latencyMs > 0) await sleep(latencyMs);
      const answer = await this.meetFate(fate, act);
      hung = answer.kind === 'hang';
      return answer;
    } finally {
      if (!hung) this.gate.leave();
    }
  }

  private async meetFate(fate: Fate, act: (decline: boolean) => Promise<Answer>): Promise<Answer> {
    const answer =
      fate === 'errorBefore' || fate === 'hangBefore' ? undefined : await act(fate === 'decline');
    if (fate === 'errorBefore' || fate === 'errorAfter') {
      this.counters.errors++;
      return { kind: 'error' };
    }
    if (fate === 'hangBefore' || fate === 'hangAfter') {
      this.counters.hung++;
      return { kind: 'hang', release: () => this.gate.leave() };
    }
    return answer!;
  }

  private async takeEffect(call: OriginalCall, decline: boolean): Promise<Answer> {
    const { key, fingerprint, transactionKey } = call;
    const outcome = this.ledger.execute({ key, fingerprint, transactionKey, decline, nowMs: this.now() });
    if (outcome.kind === 'mismatch') {
      this.counters.mismatches++;
      return { kind: 'mismatch' };
    }
    if (outcome.kind === 'undone') {
      this.counters.refusedAfterReversal++;
      return { kind: 'undone' };
    }
    if (outcome.fresh) await this.journal.write(key, outcome.entry);
    else await this.replay();
    return outcome.kind === 'declined'
      ? { kind: 'declined' }
      : { kind: 'executed', key, seq: outcome.entry.seq };
  }

  /** What is answered a second time must be in the file as well: the first may still be on its way there. */
  private replay(): Promise<void> {
    this.counters.duplicates++;
    return this.journal.settled();
  }
}

/** Without what node:timers/promises does for cancelling: this is on every call's way. */
const sleep = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

const noCounts = (): Counters => ({
  duplicates: 0,
  mismatches: 0,
  refusedAfterReversal: 0,
  refusedBusy: 0,
  errors: 0,
  hung: 0,
});

/** Cuts [0, 1) into one piece per fate. */
function drawFate(settings: Settings, u: number): Fate {
  const pieces: [Fate, number][] = [
    ['errorBefore', settings.errorBeforeRate],
    ['errorAfter', settings.errorAfterRate],
    ['decline', settings.declineRate],
    ['hangBefore', settings.hangBeforeRate],
    ['hangAfter', settings.hangAfterRate],
  ];
  let end = 0;
  for (const [fate, rate] of pieces) {
    end += rate;
    if (u < end) return fate;
  }
  return 'answer';
}
