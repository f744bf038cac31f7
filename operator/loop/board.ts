import type { Outcome, OutcomeSink, Unread } from './ports.ts';

/** What was last decided for a scaler, or why nothing was. */
export type Standing = Outcome | Unread;

/** The latest standing of every scaler, for whoever asks: /metrics, `GET /scalers`, explain. */
export class Board implements OutcomeSink {
  private standings = new Map<string, Standing>();
  /** Of the standings, made when somebody asks. */
  private sorted: readonly Standing[] | undefined;
  private decided: readonly Outcome[] | undefined;

  accept(outcomes: readonly Outcome[], _at: number, unread: readonly Unread[] = []): void {
    // As a whole: scalers that have been removed are forgotten with the tick that does not have them.
    const applying = [...this.standings.values()].filter(isApplying);
    this.standings = new Map([...applying, ...unread, ...outcomes].map((one) => [one.scaler.spec.name, one]));
    this.forget();
  }

  settle(outcome: Outcome): void {
    const { name } = outcome.scaler.spec;
    const standing = this.standings.get(name);
    if (!standing || !isApplying(standing)) return;
    this.standings.set(name, outcome);
    this.forget();
  }

  get(name: string): Standing | undefined {
    return this.standings.get(name);
  }

  /** In alphabetical order. */
  all(): readonly Standing[] {
    this.sorted ??= [...this.standings.values()].sort((a, b) =>
      inAlphabet.compare(a.scaler.spec.name, b.scaler.spec.name),
    );
    return this.sorted;
  }

  outcomes(): readonly Outcome[] {
    this.decided ??= this.all().filter((standing): standing is Outcome => 'decision' in standing);
    return this.decided;
  }

  private forget(): void {
    this.sorted = undefined;
    this.decided = undefined;
  }
}

const inAlphabet = new Intl.Collator();

function isApplying(standing: Standing): boolean {
  return 'result' in standing && standing.result === 'applying';
}
