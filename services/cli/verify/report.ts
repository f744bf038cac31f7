import type { State, TerminalState } from '../../domain/state-machine.ts';
import { STATES, TERMINAL_STATES, isTerminal } from '../../domain/state-machine.ts';
import type { LetterCount } from '../../store/pg/audit.ts';
import type { RuleName } from './rules.ts';
import { LEDGER_RULES, RULES } from './rules.ts';

export interface Violation {
  /** Of the transaction, or of whatever else breaks the rule; empty where the whole does. */
  readonly id: string;
  readonly message: string;
}

export interface RuleReport {
  readonly rule: RuleName;
  readonly title: string;
  readonly checked: number;
  readonly violations: number;
  /** The first of them. */
  readonly examples: readonly Violation[];
  /** Why the rule was not checked. */
  readonly skipped?: string;
}

export interface Counts extends Readonly<Record<TerminalState, number>> {
  /** By the event log. */
  readonly accepted: number;
  readonly inFlight: number;
  /** Those in flight, by state. */
  readonly inFlightByState: Readonly<Partial<Record<State, number>>>;
}

/** A transaction that is not at its end and has a dead letter that was not redriven. */
export interface Stuck {
  readonly id: string;
  readonly state: State;
  readonly letterId: string;
  readonly cause: string;
}

export interface VerifyReport {
  /** Moment of the snapshot, ISO 8601. */
  readonly at: string;
  readonly seconds: number;
  /** No rule is broken. Rules that were skipped do not count. */
  readonly ok: boolean;
  readonly violations: number;
  readonly counts: Counts;
  readonly rules: readonly RuleReport[];
  readonly ledger:
    | { readonly status: 'read'; readonly url: string; readonly keys: number }
    | { readonly status: 'skipped'; readonly reason: string };
  readonly outbox: { readonly rows: number; readonly oldestSeconds: number; readonly boundSeconds: number };
  readonly deadLetters: readonly LetterCount[];
  readonly stuck: { readonly count: number; readonly examples: readonly Stuck[] };
}

const EXAMPLES_MAX = 20;

/** Gathers what the rules find. Of violations beyond the first of each rule only the number is kept. */
export class Findings {
  private readonly rules = new Map<
    RuleName,
    { checked: number; violations: number; examples: Violation[] }
  >();
  private readonly states = new Map<State, number>();
  private accepted = 0;
  private readonly stuck: Stuck[] = [];
  private stuckCount = 0;

  constructor() {
    for (const rule of Object.keys(RULES) as RuleName[])
      this.rules.set(rule, { checked: 0, violations: 0, examples: [] });
  }

  /** The rule was applied to `id`; `fault` says how it is broken. */
  check(rule: RuleName, id: string, fault: string | undefined): void {
    const found = this.rules.get(rule)!;
    found.checked++;
    if (fault === undefined) return;
    found.violations++;
    if (found.examples.length < EXAMPLES_MAX) found.examples.push({ id, message: fault });
  }

  countAccepted(): void {
    this.accepted++;
  }

  countState(state: State): void {
    this.states.set(state, (this.states.get(state) ?? 0) + 1);
  }

  addStuck(stuck: Stuck): void {
    this.stuckCount++;
    if (this.stuck.length < EXAMPLES_MAX) this.stuck.push(stuck);
  }

  /** Checks the sum as well: accepted by the log against states by the rows. */
  report(rest: Omit<VerifyReport, 'ok' | 'violations' | 'counts' | 'rules' | 'stuck'>): VerifyReport {
    const counts = this.counts();
    this.check('settlement', '', settlementFault(counts));
    const skipped = rest.ledger.status === 'skipped' ? rest.ledger.reason : undefined;
    const rules = [...this.rules].map(([rule, found]): RuleReport => {
      const title = RULES[rule];
      return skipped !== undefined && LEDGER_RULES.has(rule)
        ? { rule, title, checked: 0, violations: 0, examples: [], skipped }
        : { rule, title, ...found };
    });
    const violations = rules.reduce((sum, rule) => sum + rule.violations, 0);
    const stuck = { count: this.stuckCount, examples: this.stuck };
    return { ...rest, ok: violations === 0, violations, counts, rules, stuck };
  }

  private counts(): Counts {
    const of = (state: State): number => this.states.get(state) ?? 0;
    const open = STATES.filter((state) => !isTerminal(state));
    const terminal = Object.fromEntries(TERMINAL_STATES.map((state) => [state, of(state)]));
    return {
      accepted: this.accepted,
      ...(terminal as Record<TerminalState, number>),
      inFlight: open.reduce((sum, state) => sum + of(state), 0),
      inFlightByState: Object.fromEntries(
        open.flatMap((state) => (of(state) > 0 ? [[state, of(state)]] : [])),
      ),
    };
  }
}

/** How the sum differs, if it does. */
export function settlementFault(counts: Omit<Counts, 'inFlightByState'>): string | undefined {
  const sum = TERMINAL_STATES.reduce((total, state) => total + counts[state], counts.inFlight);
  if (sum === counts.accepted) return undefined;
  return `${counts.accepted} were accepted by the event log, ${sum} are there by their states`;
}
