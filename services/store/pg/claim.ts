import type pg from 'pg';
import type { Headers } from '../../domain/cloud-event.ts';
import type { EventName } from '../../domain/state-machine.ts';
import type { OutboxRow } from '../port.ts';
import { BEGIN_SQL } from './pool.ts';

/**
 * Rows of the shards whose lock is free, oldest first, removed and joined with what they point to. The lock
 * lasts as long as the transaction, so a shard has one batch in flight at a time, whoever sends it: per key,
 * rows reach Kafka in the order of their ids, which is the order of their commits.
 */
const CLAIM_SQL = `
with mine as materialized (
  select shard from unnest($1::smallint[]) as u(shard) where pg_try_advisory_xact_lock(7402, shard)
), taken as (
  delete from outbox where id = any(array(
    select id from outbox where shard = any(array(select shard from mine)) order by id limit $2
  ))
  returning id, key, created_at, transaction_id, version, dead_letter_id, redrive
)
select o.id as "outboxId", o.key, o.created_at as "createdAt", o.redrive,
       e.transaction_id as "transactionId", e.version, e.event, e.data::text as data, e.traceparent, e.at,
       d.id as "letterId", d.topic, d.key as "letterKey", d.value as "letterValue",
       d.headers || jsonb_build_object('sluice_origin_topic', d.topic, 'sluice_origin_partition', d.partition::text,
         'sluice_origin_offset', d."offset"::text, 'sluice_stage', d.stage, 'sluice_cause', d.cause,
         'sluice_error', d.message, 'sluice_attempts', d.attempts::text) as "deadHeaders",
       d.headers as "originHeaders"
from taken o
left join event e on e.transaction_id = o.transaction_id and e.version = o.version
left join dead_letter d on d.id = o.dead_letter_id
order by o.id`;

interface ClaimedRow {
  readonly outboxId: string;
  readonly key: string;
  readonly createdAt: Date;
  readonly redrive: boolean;
  readonly transactionId: string | null;
  readonly version: number;
  readonly event: EventName;
  readonly data: string;
  readonly traceparent: string;
  readonly at: Date;
  readonly letterId: string | null;
  readonly topic: string;
  readonly letterKey: Buffer | null;
  readonly letterValue: Buffer | null;
  readonly deadHeaders: Headers;
  readonly originHeaders: Headers;
}

/**
 * Claims, sends, deletes. The deletion need not be durable (`synchronous_commit` off): a row that comes back
 * after a crash is sent twice, and duplicates change nothing.
 */
export async function claim(
  pool: pg.Pool,
  shards: readonly number[],
  limit: number,
  send: (rows: OutboxRow[]) => Promise<void>,
): Promise<number> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query(`${BEGIN_SQL}; set local synchronous_commit = off`);
    const { rows } = await client.query<ClaimedRow>({
      name: 'claim',
      text: CLAIM_SQL,
      values: [shards, limit],
    });
    if (rows.length > 0) await send(rows.flatMap(toOutboxRow));
    await client.query('commit');
    return rows.length;
  } catch (error) {
    await client.query('rollback').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

function toOutboxRow(row: ClaimedRow): OutboxRow[] {
  const { outboxId, key, createdAt } = row;
  if (row.transactionId !== null) {
    const { transactionId, version, event, data, traceparent, at } = row;
    const content = { kind: 'event' as const, transactionId, version, event, data, traceparent, at };
    return [{ outboxId, key, createdAt, content }];
  }
  if (row.letterId === null) return [];
  const content = {
    kind: 'dead-letter' as const,
    id: row.letterId,
    redrive: row.redrive,
    topic: row.topic,
    key: row.letterKey,
    value: row.letterValue,
    headers: row.redrive ? row.originHeaders : row.deadHeaders,
  };
  return [{ outboxId, key, createdAt, content }];
}
