import type { Middleware } from 'koa';
import type { ListFilter, QueryStore } from '../../store/port.ts';
import { isUuid } from '../../domain/ids.ts';
import type { State } from '../../domain/state-machine.ts';
import { STATES } from '../../domain/state-machine.ts';
import type { ReadQuery } from '../query-string.ts';
import { readQuery, requireNone } from '../query-string.ts';
import { itemBody } from '../transaction-view.ts';

export interface ListTransactionsOptions {
  readonly store: Pick<QueryStore, 'list'>;
  readonly typeNames: readonly string[];
}

export const LIMIT_DEFAULT = 50;
export const LIMIT_MAX = 500;
const NAMES = ['state', 'type', 'after', 'limit'] as const;
type Name = (typeof NAMES)[number];

/** GET /v1/transactions: pages in order of acceptance; `next` is where the next one starts. */
export function listTransactions({ store, typeNames }: ListTransactionsOptions): Middleware {
  return async function listTransactions(ctx) {
    const filter = readFilter(readQuery(ctx, NAMES), typeNames);
    // One more than asked for tells whether there is another page.
    const rows = await store.list({ ...filter, limit: filter.limit + 1 });
    const items = rows.slice(0, filter.limit);
    const next = rows.length > filter.limit ? items.at(-1)!.id : null;
    ctx.set('Cache-Control', 'no-store');
    ctx.body = { items: items.map(itemBody), next };
  };
}

function readFilter({ values, mistakes }: ReadQuery<Name>, typeNames: readonly string[]): ListFilter {
  const { state, type, after } = values;
  if (state !== undefined && !isState(state))
    mistakes.push({ parameter: 'state', message: `must be one of ${STATES.join(', ')}` });
  if (type !== undefined && !typeNames.includes(type))
    mistakes.push({ parameter: 'type', message: `must be one of ${typeNames.join(', ')}` });
  if (after !== undefined && !isUuid(after))
    mistakes.push({
      parameter: 'after',
      message: 'must be the id of a transaction: `next` of the page before',
    });
  const limit = readLimit(values.limit);
  if (limit === undefined)
    mistakes.push({ parameter: 'limit', message: `must be a number from 1 to ${LIMIT_MAX}` });
  requireNone(mistakes);
  return { state: state as State | undefined, type, after, limit: limit! };
}

function readLimit(text: string | undefined): number | undefined {
  if (text === undefined) return LIMIT_DEFAULT;
  const limit = Number(text);
  return /^\d{1,9}$/.test(text) && limit >= 1 && limit <= LIMIT_MAX ? limit : undefined;
}

function isState(text: string): text is State {
  return STATES.some((state) => state === text);
}
