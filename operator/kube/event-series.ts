import type { EventNote } from './event-recorder.ts';

/** What is to be done about one thing said. */
export type Told =
  | { readonly kind: 'first' }
  | { readonly kind: 'again'; readonly name: string; readonly count: number }
  | { readonly kind: 'quiet' };

interface Series {
  name: string | undefined;
  count: number;
  lastAt: number;
  writtenAt: number;
}
interface Budget {
  left: number;
  at: number;
}

const FORGET_MS = 600_000;
/** A count is written at most so often. */
const COUNT_MS = 60_000;
const BURST = 25;
const REFILL_MS = 30_000;

/** Remembers what has been said, and says whether it is worth an Event. */
export class EventSeries {
  private readonly now: () => number;
  private readonly series = new Map<string, Series>();
  private readonly budgets = new Map<string, Budget>();

  constructor(now: () => number) {
    this.now = now;
  }

  tell(event: EventNote): Told {
    this.forget();
    const key = keyOf(event);
    const at = this.now();
    const before = this.series.get(key);
    if (!before) {
      if (!this.spend(event)) return { kind: 'quiet' };
      this.series.set(key, { name: undefined, count: 1, lastAt: at, writtenAt: at });
      return { kind: 'first' };
    }
    before.count++;
    before.lastAt = at;
    if (before.name === undefined || at - before.writtenAt < COUNT_MS) return { kind: 'quiet' };
    before.writtenAt = at;
    return { kind: 'again', name: before.name, count: before.count };
  }

  /** The name of the Event that counts what is said again. */
  name(event: EventNote, name: string): void {
    const series = this.series.get(keyOf(event));
    if (series) series.name = name;
  }

  private spend({ regarding: { namespace, name } }: EventNote): boolean {
    const key = `${namespace}/${name}`;
    const at = this.now();
    const before = this.budgets.get(key) ?? { left: BURST, at };
    const left = Math.min(BURST, before.left + (at - before.at) / REFILL_MS);
    if (left < 1) return false;
    this.budgets.set(key, { left: left - 1, at });
    return true;
  }

  private forget(): void {
    const at = this.now();
    for (const [key, { lastAt }] of this.series) if (at - lastAt > FORGET_MS) this.series.delete(key);
    for (const [key, budget] of this.budgets)
      if (at - budget.at > BURST * REFILL_MS) this.budgets.delete(key);
  }
}

function keyOf({ regarding, type, reason, note }: EventNote): string {
  return [regarding.namespace, regarding.name, regarding.uid, type, reason, note].join('\n');
}
