import type pg from 'pg';
import type { EventName, Order, State } from '../../domain/state-machine.ts';
import type { StoredEvent } from '../port.ts';

/** A row of the outbox that is about one transaction. */
export interface WaitingRow {
  readonly id: string;
  /** Undefined: it carries a dead letter. */
  readonly event: EventName | null;
  readonly letterId: string | null;
  readonly redrive: boolean;
  readonly createdAt: Date;
  /** Rows of the same shard that are published before it. */
  readonly before: number;
}

export interface WhyLetter {
  readonly id: string;
  readonly at: Date;
  readonly stage: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly cause: string;
  readonly message: string;
  readonly redrivenAt: Date | null;
  readonly redrives: number;
  /** The stage knew whose it was; else only a header says so, and the transaction does not wait for it. */
  readonly certain: boolean;
}

/** Where a keyed transaction stands among those with the same key. */
export interface LanePlace {
  /** Transactions before it. */
  readonly before: number;
  /** The first in line, and the one right before it. */
  readonly head: { readonly id: string; readonly state: State };
  readonly previousId: string | null;
}

/** Everything the database knows of one transaction, read in one statement. */
export interface TransactionFacts {
  readonly now: Date;
  readonly id: string;
  readonly type: string;
  readonly order: Order;
  readonly key: string;
  readonly keyed: boolean;
  readonly state: State;
  readonly version: number;
  readonly attempts: number;
  readonly ambiguous: boolean;
  readonly deadline: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly sweeps: number;
  readonly acceptedAt: Date;
  readonly updatedAt: Date;
  readonly events: readonly StoredEvent[];
  readonly letters: readonly WhyLetter[];
  readonly outbox: readonly WaitingRow[];
  readonly lane: LanePlace | null;
}

/** A letter that could not be read names its transaction in a header, if at all. */
const WHY_SQL = `
with letter as (
  select d.* from dead_letter d
  where d.transaction_id = $1 or (d.transaction_id is null and d.headers->>'ce_subject' = $1::text)
)
select clock_timestamp() as now, t.id, t.type, t."order", t.key, t.keyed, t.state, t.version, t.attempts,
  t.ambiguous, t.deadline, t.next_attempt_at as "nextAttemptAt", t.sweeps, t.accepted_at as "acceptedAt",
  t.updated_at as "updatedAt",
  (select coalesce(json_agg(json_build_object('version', version, 'event', event, 'state', state,
     'stage', stage, 'attempt', attempt, 'data', data, 'traceparent', traceparent, 'at', at)
     order by version), '[]')
   from event where transaction_id = t.id) as events,
  (select coalesce(json_agg(json_build_object('id', l.id::text, 'at', l.at, 'stage', l.stage, 'topic', l.topic,
     'partition', l.partition, 'offset', l."offset"::text, 'cause', l.cause, 'message', l.message,
     'redrivenAt', l.redriven_at, 'redrives', l.redrives, 'certain', l.transaction_id is not null)
     order by l.id), '[]')
   from letter l) as letters,
  (select coalesce(json_agg(json_build_object('id', o.id::text, 'event', e.event,
     'letterId', o.dead_letter_id::text, 'redrive', o.redrive, 'createdAt', o.created_at,
     'before', (select count(*) from outbox b where b.shard = o.shard and b.id < o.id)) order by o.id), '[]')
   from outbox o left join event e on e.transaction_id = o.transaction_id and e.version = o.version
   where o.transaction_id = t.id or o.dead_letter_id in (select id from letter)) as outbox,
  (select json_build_object(
     'before', (select count(*) from key_lane k where k.key = mine.key and k.seq < mine.seq),
     'head', (select json_build_object('id', h.id, 'state', h.state) from key_lane k
              join transaction h on h.id = k.transaction_id where k.key = mine.key order by k.seq limit 1),
     'previousId', (select k.transaction_id from key_lane k where k.key = mine.key and k.seq < mine.seq
                    order by k.seq desc limit 1))
   from key_lane mine where mine.transaction_id = t.id) as lane
from transaction t where t.id = $1`;

type Raw<Row, Dates extends keyof Row> = Omit<Row, Dates> & Readonly<Record<Dates, string>>;
interface RawFacts extends Omit<TransactionFacts, 'events' | 'letters' | 'outbox'> {
  readonly events: readonly Raw<StoredEvent, 'at'>[];
  readonly letters: readonly (Omit<WhyLetter, 'at' | 'redrivenAt'> & {
    readonly at: string;
    readonly redrivenAt: string | null;
  })[];
  readonly outbox: readonly Raw<WaitingRow, 'createdAt'>[];
}

/** Undefined when there is no such transaction. */
export async function transactionFacts(pool: pg.Pool, id: string): Promise<TransactionFacts | undefined> {
  const { rows } = await pool.query<RawFacts>(WHY_SQL, [id]);
  const row = rows[0];
  if (!row) return undefined;
  return {
    ...row,
    events: row.events.map((event) => ({ ...event, at: new Date(event.at) })),
    letters: row.letters.map((letter) => ({
      ...letter,
      at: new Date(letter.at),
      redrivenAt: letter.redrivenAt === null ? null : new Date(letter.redrivenAt),
    })),
    outbox: row.outbox.map((waiting) => ({ ...waiting, createdAt: new Date(waiting.createdAt) })),
  };
}

/** Ids of dead letters that name a transaction which may not exist. */
export async function lettersNaming(pool: pg.Pool, id: string): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>(
    `select id::text from dead_letter
     where transaction_id = $1 or (transaction_id is null and headers->>'ce_subject' = $1::text)
     order by dead_letter.id`,
    [id],
  );
  return rows.map((row) => row.id);
}
