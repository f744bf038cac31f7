import type { TransactionType } from './type.ts';
import { payment } from './payment/payment.ts';

/** Every transaction type this build knows. `SLUICE_TYPES` says which of them are in use. */
export const TRANSACTION_TYPES: readonly TransactionType[] = [
  payment('payment', 'chained'),
  payment('payment-fan-out', 'fanOut'),
];

export class Registry {
  readonly types: readonly TransactionType[];
  private readonly byName: ReadonlyMap<string, TransactionType>;

  /** @throws Error naming the unknown type and those there are */
  constructor(names: readonly string[], all: readonly TransactionType[] = TRANSACTION_TYPES) {
    this.types = names.map((name) => {
      const type = all.find((candidate) => candidate.name === name);
      if (!type)
        throw new Error(`unknown transaction type "${name}"; known: ${all.map((t) => t.name).join(', ')}`);
      return type;
    });
    this.byName = new Map(this.types.map((type) => [type.name, type]));
  }

  get(name: string): TransactionType | undefined {
    return this.byName.get(name);
  }
}
