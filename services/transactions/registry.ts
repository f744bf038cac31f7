import type { TransactionType } from './type.ts';
import { payment } from './payment/payment.ts';
import { ConfigError } from '../config-error.ts';

/** Every transaction type this build knows. `SLUICE_TYPES` says which of them are in use. */
export const TRANSACTION_TYPES: readonly TransactionType[] = [
  payment('payment', 'chained'),
  payment('payment-fan-out', 'fanOut'),
];

/** Says which names there is no type for; undefined when there are none such. */
export function unknownTypes(names: readonly string[], all: readonly TransactionType[]): string | undefined {
  const unknown = names.filter((name) => !all.some((type) => type.name === name));
  if (unknown.length === 0) return undefined;
  const known = all.map((type) => type.name).join(', ');
  return `names unknown types: ${unknown.join(', ')}. Known: ${known}.`;
}

/** The transaction types in use, by name. */
export class Registry {
  readonly types: readonly TransactionType[];
  private readonly byName: ReadonlyMap<string, TransactionType>;

  constructor(types: readonly TransactionType[]) {
    this.types = types;
    this.byName = new Map(types.map((type) => [type.name, type]));
  }

  /** @throws ConfigError that lists every name there is no type for, and the names there are */
  static parse(names: readonly string[], all: readonly TransactionType[] = TRANSACTION_TYPES): Registry {
    const mistake = unknownTypes(names, all);
    if (mistake !== undefined) throw new ConfigError(`SLUICE_TYPES ${mistake}`);
    return new Registry(all.filter((type) => names.includes(type.name)));
  }

  get(name: string): TransactionType | undefined {
    return this.byName.get(name);
  }
}
