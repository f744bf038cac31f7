import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Headers } from '../../domain/cloud-event.ts';
import type { DeadLetter } from '../port.ts';

/** Stores each letter once, however often its message is delivered, and queues it for its topic. */
const DEAD_LETTER_SQL = `
with letter as (
  insert into dead_letter (topic, partition, "offset", digest, key, value, headers, stage, cause, message,
                           attempts, transaction_id)
  select * from unnest(
    $1::text[], $2::int[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bytea[], $7::jsonb[], $8::text[],
    $9::text[], $10::text[], $11::int[], $12::uuid[]
  )
  on conflict (topic, partition, "offset", digest) do nothing
  returning id
)
insert into outbox (shard, key, dead_letter_id) select 0, '', id from letter`;

export async function deadLetter(pool: pg.Pool, letters: readonly DeadLetter[]): Promise<void> {
  await pool.query({
    name: 'dead-letter',
    text: DEAD_LETTER_SQL,
    values: [
      letters.map((l) => l.topic),
      letters.map((l) => l.partition),
      letters.map((l) => l.offset),
      letters.map((l) => digest(l)),
      letters.map((l) => l.key),
      letters.map((l) => l.value),
      letters.map((l) => JSON.stringify(storable(l.headers))),
      letters.map((l) => l.stage),
      letters.map((l) => l.cause),
      letters.map((l) => storableText(l.message)),
      letters.map((l) => l.attempts),
      letters.map((l) => l.transactionId ?? null),
    ],
  });
}

/** Postgres has no place for NUL in text, nor for lone surrogates in jsonb; a poison message may hold both. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\ufffd').toWellFormed();
}

function storable(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [storableText(name), storableText(value)]),
  );
}

function digest(letter: DeadLetter): Buffer {
  return createHash('sha256')
    .update(JSON.stringify(letter.headers))
    .update(letter.key ?? '')
    .update(letter.value ?? '')
    .digest();
}
