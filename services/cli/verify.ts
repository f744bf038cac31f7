import type pg from 'pg';
import type { AuditSnapshot, Cursor } from '../store/pg/audit.ts';
import { existing, openAudit, unsettled } from '../store/pg/audit.ts';
import { createPool } from '../store/pg/pool.ts';
import { KeyOrder } from './verify/key-order.ts';
import { LedgerError, readLedger } from './verify/ledger.ts';
import type { Dossier } from './verify/merge.ts';
import { dossiers } from './verify/merge.ts';
import type { VerifyReport } from './verify/report.ts';
import { Findings } from './verify/report.ts';
import type { RuleName } from './verify/rules.ts';
import { DOSSIER_RULES } from './verify/rules.ts';

export interface VerifyOptions {
  readonly databaseUrl: string;
  /** Of the remote system whose GET /ledger is compared with; without it those rules are skipped. */
  readonly remoteUrl?: string | undefined;
  /** A ledger that is not given or cannot be read is an error instead of being skipped. */
  readonly requireLedger?: boolean;
  /** Age from which a row in the outbox breaks a rule. Default 60. */
  readonly outboxBoundSeconds?: number;
  /** Wait at most this long for everything to end before looking. Default 0. */
  readonly waitMs?: number;
}

/**
 * The settlement audit: compares transactions, events, business rows, lanes, outbox, dead letters and the remote
 * system's ledger, on one snapshot of the database. Reads every transaction there is, in constant memory: a
 * million in about a minute on two busy cores, in less than 300 MB. Writes nothing but a temporary table.
 *
 * The ledger is read after the snapshot was taken, so whatever the snapshot calls done must be in it. An effect
 * whose transaction the snapshot lacks is looked up again, since it may have been accepted in between.
 * @throws LedgerError where `requireLedger` is not met; errors of the database as they are
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  const startMs = performance.now();
  const pool = createPool({
    databaseUrl: options.databaseUrl,
    max: 2,
    applicationName: 'sluice-verify',
    // A connection that breaks while idle shows in the next query.
    onError: () => {},
  });
  try {
    await waitUntilSettled(pool, options.waitMs ?? 0);
    const snapshot = await openAudit(pool);
    try {
      return await audit({ snapshot, pool, options, startMs });
    } finally {
      snapshot.close();
    }
  } finally {
    await pool.end();
  }
}

interface Audit {
  readonly snapshot: AuditSnapshot;
  readonly pool: pg.Pool;
  readonly options: VerifyOptions;
  readonly startMs: number;
}

async function audit({ snapshot, pool, options, startMs }: Audit): Promise<VerifyReport> {
  const findings = new Findings();
  const ledger = await takeLedger(snapshot, options, findings);
  const unknown = new UnknownEffects(pool, findings);
  for await (const dossier of dossiers(snapshot)) {
    judge(dossier, findings);
    await unknown.add(dossier);
  }
  await unknown.finish();
  await checkKeyOrder(snapshot, findings);
  const outbox = await checkOutbox(snapshot, findings, options.outboxBoundSeconds ?? 60);
  for await (const { id, key, found } of each(await snapshot.idempotencyKeys()))
    findings.check(
      'idempotency-target',
      id,
      found ? undefined : `is not there, the idempotency key ${key} names it`,
    );
  return findings.report({
    at: snapshot.at.toISOString(),
    ledger,
    outbox,
    deadLetters: await snapshot.letterCounts(),
    seconds: Math.round(performance.now() - startMs) / 1_000,
  });
}

function judge(dossier: Dossier, findings: Findings): void {
  const { id, row, events, openLetters } = dossier;
  if (events[0]?.version === 1) findings.countAccepted();
  if (row) findings.countState(row.state);
  for (const [rule, check] of Object.entries(DOSSIER_RULES)) {
    const verdict = check(dossier);
    if (verdict !== 'not-applicable') findings.check(rule as RuleName, id, verdict.fault);
  }
  const [letter] = openLetters;
  if (row && letter && row.outcome === null)
    findings.addStuck({ id, state: row.state, letterId: letter.letterId, cause: letter.cause });
}

/** Effects without a transaction in the snapshot, looked up once more in batches. */
class UnknownEffects {
  private readonly pool: pg.Pool;
  private readonly findings: Findings;
  private ids: string[] = [];

  constructor(pool: pg.Pool, findings: Findings) {
    this.pool = pool;
    this.findings = findings;
  }

  async add({ id, row, effect }: Dossier): Promise<void> {
    if (!effect || effect.effects === 0) return;
    if (row) this.findings.check('known-effect', id, undefined);
    else this.ids.push(id);
    if (this.ids.length >= 5_000) await this.finish();
  }

  async finish(): Promise<void> {
    if (this.ids.length === 0) return;
    const there = await existing(this.pool, this.ids);
    for (const id of this.ids)
      this.findings.check(
        'known-effect',
        id,
        there.has(id) ? undefined : 'has an effect and is no transaction',
      );
    this.ids = [];
  }
}

async function takeLedger(
  snapshot: AuditSnapshot,
  options: VerifyOptions,
  findings: Findings,
): Promise<VerifyReport['ledger']> {
  const { remoteUrl, requireLedger } = options;
  if (remoteUrl === undefined) {
    if (requireLedger)
      throw new LedgerError('a ledger is required, and no URL of the remote system was given');
    return { status: 'skipped', reason: 'no URL of the remote system was given' };
  }
  let keys = 0;
  try {
    for await (const { entries, foreign } of readLedger(remoteUrl)) {
      keys += entries.length + foreign.length;
      if (entries.length > 0) await snapshot.addEffects(entries);
      for (const key of foreign) findings.check('known-effect', key, 'has an effect and is no id');
    }
  } catch (error) {
    if (requireLedger || !(error instanceof LedgerError)) throw error;
    return { status: 'skipped', reason: error.message };
  }
  return { status: 'read', url: remoteUrl, keys };
}

async function checkKeyOrder(snapshot: AuditSnapshot, findings: Findings): Promise<void> {
  const order = new KeyOrder();
  for await (const effect of each(await snapshot.keyedEffects()))
    findings.check('key-order', effect.id, order.add(effect));
}

async function checkOutbox(
  snapshot: AuditSnapshot,
  findings: Findings,
  boundSeconds: number,
): Promise<VerifyReport['outbox']> {
  let rows = 0;
  let oldestSeconds = 0;
  for await (const { outboxId, transactionId, letterId, ageSeconds, found } of each(
    await snapshot.outbox(),
  )) {
    const id = transactionId ?? (letterId ? `dead letter ${letterId}` : `outbox row ${outboxId}`);
    const late = ageSeconds > boundSeconds;
    findings.check(
      'outbox-age',
      id,
      late ? `outbox row ${outboxId} is ${ageSeconds.toFixed(1)} s old` : undefined,
    );
    findings.check('outbox-target', id, found ? undefined : `outbox row ${outboxId} points to nothing`);
    rows++;
    oldestSeconds = Math.max(oldestSeconds, ageSeconds);
  }
  return { rows, oldestSeconds, boundSeconds };
}

async function* each<Row>(cursor: Cursor<Row>): AsyncGenerator<Row> {
  for (let batch = await cursor.next(); batch.length > 0; batch = await cursor.next()) yield* batch;
}

const POLL_MS = 250;

async function waitUntilSettled(pool: pg.Pool, waitMs: number): Promise<void> {
  const until = performance.now() + waitMs;
  while (performance.now() < until) {
    const { open, outbox } = await unsettled(pool);
    if (open === 0 && outbox === 0) return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
