import type { State } from '../../domain/state-machine.ts';
import type { Effect } from '../../store/pg/audit.ts';

type Entry = Pick<Effect, 'effects' | 'reversals'>;

/** Done means that the remote system has done it: once, and not undone. */
export function doneFault(effect: Entry | undefined): string | undefined {
  if (!effect || effect.effects === 0) return 'is done without an effect in the ledger';
  if (effect.reversals > 0) return 'is done, but its effect was reversed';
  return undefined;
}

/** Compensated means that there was an effect and that it was undone. */
export function compensatedFault(effect: Entry | undefined): string | undefined {
  if (!effect || effect.effects === 0) return 'is compensated, but the ledger has no effect to undo';
  if (effect.reversals === 0) return 'is compensated, but its effect was not reversed';
  return undefined;
}

/** Rejected, failed and expired mean that nothing remains of it. */
export function unsuccessfulFault(state: State, effect: Entry | undefined): string | undefined {
  if (!effect || effect.effects <= effect.reversals) return undefined;
  return `is ${state}, but its effect stands in the ledger`;
}

/** However often a call was repeated, its key has one effect, undone once at most. */
export function repeatedFault({ effects, reversals }: Entry): string | undefined {
  if (effects > 1) return `has ${effects} effects`;
  if (reversals > effects) return `has ${reversals} reversals of ${effects} effects`;
  return undefined;
}
