import type { Outcome, OutcomeSink, Unread } from './ports.ts';

/** What was last decided for a scaler, or why nothing was. */
export type Standing = Outcome | Unread;

/** The latest standing of every scaler, for whoever asks: /metrics, `GET /scalers`, explain. */
export class Board implements OutcomeSink {
  private standings = new Map<string, Standing>();

  accept(outcomes: readonly Outcome[], _at: number, unread: readonly Unread[] = []): void {
    // As a whole: scalers that have been removed are forgotten with the tick that does not have them.
    this.standings = new Map([...unread, ...outcomes].map((one) => [one.scaler.spec.name, one]));
  }

  get(name: string): Standing | undefined {
    return this.standings.get(name);
  }

  /** In alphabetical order. */
  all(): Standing[] {
    return [...this.standings.values()].toSorted((a, b) =>
      a.scaler.spec.name.localeCompare(b.scaler.spec.name),
    );
  }

  outcomes(): Outcome[] {
    return this.all().filter((standing): standing is Outcome => 'decision' in standing);
  }
}
