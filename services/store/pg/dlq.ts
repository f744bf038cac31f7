import type pg from 'pg';
import type { Headers } from '../../domain/cloud-event.ts';
import { inTransaction } from './pool.ts';

/** Which dead letters; what is left out does not matter. */
export interface LetterFilter {
  readonly ids?: readonly string[] | undefined;
  readonly cause?: string | undefined;
  readonly topic?: string | undefined;
  readonly sinceMs?: number | undefined;
  /** Only those that were not redriven. */
  readonly open?: boolean | undefined;
  /** Only ids up to this one. */
  readonly upTo?: string | undefined;
}

/** Dead letters that have cause, topic and stage in common. */
export interface LetterGroup {
  readonly cause: string;
  readonly topic: string;
  readonly stage: string;
  readonly count: number;
  /** Those that were not redriven. */
  readonly open: number;
  readonly first: Date;
  readonly last: Date;
}

export interface LetterRow {
  readonly id: string;
  readonly at: Date;
  readonly cause: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly stage: string;
  readonly transactionId: string | null;
  readonly redrivenAt: Date | null;
  readonly redrives: number;
}

export interface LetterDetail extends LetterRow {
  readonly message: string;
  readonly attempts: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Headers;
  /** State of its transaction, where there is one. */
  readonly state: string | null;
  /** Its outbox rows that the relay has still to publish, to the dead-letter topic or back. */
  readonly waiting: number;
}

export interface RedrivenLetter {
  readonly id: string;
  readonly topic: string;
  readonly cause: string;
}

const MATCHES = `($1::bigint[] is null or d.id = any($1)) and ($2::text is null or d.cause = $2)
  and ($3::text is null or d.topic = $3)
  and ($4::float8 is null or d.at > clock_timestamp() - make_interval(secs => $4 / 1000))
  and (not $5 or d.redriven_at is null) and ($6::bigint is null or d.id <= $6)`;

function values(filter: LetterFilter): unknown[] {
  const { ids, cause, topic, sinceMs, open, upTo } = filter;
  return [ids ?? null, cause ?? null, topic ?? null, sinceMs ?? null, open ?? false, upTo ?? null];
}

const ROW = `d.id::text, d.at, d.cause, d.topic, d.partition, d."offset"::text, d.stage,
  d.transaction_id as "transactionId", d.redriven_at as "redrivenAt", d.redrives`;

export async function letterGroups(pool: pg.Pool, filter: LetterFilter): Promise<LetterGroup[]> {
  const { rows } = await pool.query<LetterGroup>(
    `select d.cause, d.topic, d.stage, count(*)::int as count,
            (count(*) filter (where d.redriven_at is null))::int as open, min(d.at) as first, max(d.at) as last
     from dead_letter d where ${MATCHES}
     group by d.cause, d.topic, d.stage order by count(*) desc, d.cause, d.topic`,
    values(filter),
  );
  return rows;
}

/** The newest first. */
export async function listLetters(pool: pg.Pool, filter: LetterFilter, limit: number): Promise<LetterRow[]> {
  const { rows } = await pool.query<LetterRow>(
    `select ${ROW} from dead_letter d where ${MATCHES} order by d.id desc limit $7`,
    [...values(filter), limit],
  );
  return rows;
}

export async function findLetter(pool: pg.Pool, id: string): Promise<LetterDetail | undefined> {
  const { rows } = await pool.query<LetterDetail>(
    `select ${ROW}, d.message, d.attempts, d.key, d.value, d.headers, t.state,
            (select count(*) from outbox o where o.dead_letter_id = d.id)::int as waiting
     from dead_letter d left join transaction t on t.id = d.transaction_id where d.id = $1`,
    [id],
  );
  return rows[0];
}

/** Which of these there are. */
export async function knownLetters(pool: pg.Pool, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>('select id::text from dead_letter where id = any($1)', [
    ids,
  ]);
  return new Set(rows.map((row) => row.id));
}

/** The newest there is: what comes later is not part of a redrive that has begun. */
export async function newestLetter(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    'select coalesce(max(id), 0)::text as id from dead_letter',
  );
  return rows[0]!.id;
}

const REDRIVE_SQL = `
with chosen as (
  select d.id from dead_letter d where ${MATCHES} and d.id > $7 order by d.id limit $8 for no key update
), marked as (
  update dead_letter d set redriven_at = clock_timestamp(), redrives = d.redrives + 1
  from chosen where d.id = chosen.id
  returning d.id, d.topic, d.cause
), queued as (
  insert into outbox (shard, key, dead_letter_id, redrive) select 0, '', id, true from marked order by id
)
select id::text, topic, cause from marked order by marked.id`;

/**
 * Marks the next dead letters after `afterId` as redriven and queues them for the topic they came from, in one
 * commit and in the order in which they were buried.
 */
export function redriveLetters(
  pool: pg.Pool,
  filter: LetterFilter,
  { afterId, limit }: { afterId: string; limit: number },
): Promise<RedrivenLetter[]> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<RedrivenLetter>(REDRIVE_SQL, [...values(filter), afterId, limit]);
    return rows;
  });
}
