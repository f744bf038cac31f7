import { setTimeout as sleep } from 'node:timers/promises';
import { verify } from '../../services/cli/verify.ts';
import { isTerminal } from '../../services/domain/state-machine.ts';
import type { State } from '../../services/domain/state-machine.ts';
import { LoadClient } from './client.ts';
import type { Tally } from './journal.ts';

/** What a round needs of a stack, wherever it runs. */
export interface UnderTest {
  readonly endpoints: { readonly apiUrl: string; readonly remoteUrl: string; readonly databaseUrl: string };
  query<Row extends object>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** How everything is, in words: for a round that fails. */
  autopsy?(): Promise<string>;
}

export interface Round {
  readonly name: string;
  readonly ratePerSecond: number;
  readonly types: readonly string[];
  /** Load before the fault begins and after it has ended. */
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Does the harm, proves that it happened, and resolves when what was harmed is there again. */
  readonly fault: (during: During) => Promise<void>;
  /** For everything to end once the load has stopped. */
  readonly settleMs: number;
  /** Fewer accepted than this prove nothing. */
  readonly minAccepted: number;
  /** Share of the good ones that has to be done. Default 0.9. */
  readonly minDone?: number;
  readonly giveUpWhenRefused?: boolean;
  readonly connections?: number;
}

export interface During {
  readonly client: LoadClient;
  readonly tally: () => Tally;
  /** Follows one payment, submitted now, to `done`; notes the ms that took as the time of recovery. */
  readonly recovered: () => Promise<number>;
}

export interface RoundResult {
  readonly tally: Tally;
  /** How many ended how, by kind: `good done`. */
  readonly states: Readonly<Record<string, number>>;
  /** Ms of each time that a payment was followed, in order; the last one after the fault. */
  readonly recoveries: readonly number[];
  /** Everything that is not as it should be, in words; empty when the round has passed. */
  readonly faults: readonly string[];
}

const ANSWERS_MS = 60_000;
const RECOVERY_MS = 120_000;

/** Load, a fault in the middle of it, the end of everything accepted, and the audit. */
export async function play(stack: UnderTest, round: Round): Promise<RoundResult> {
  const { apiUrl } = stack.endpoints;
  const client = new LoadClient({ apiUrl, ...round });
  const recoveries: number[] = [];
  const during: During = {
    client,
    tally: () => client.journal.tally(),
    recovered: async () => {
      const ms = await follow(apiUrl).catch(async (error: Error) => {
        throw new Error(`${error.message}\n${(await stack.autopsy?.()) ?? ''}`, { cause: error });
      });
      recoveries.push(ms);
      return ms;
    },
  };
  client.start();
  try {
    await sleep(round.beforeMs);
    await round.fault(during);
    await during.recovered();
    await sleep(round.afterMs);
  } finally {
    await client.finish(ANSWERS_MS);
  }
  const settledMs = await settle(stack, round.settleMs);
  const { states, wrong } = await compareBooks(stack, client);
  const tally = client.journal.tally();
  const result = { tally, states, recoveries };
  say(round.name, { ...result, settledMs });
  const faults = [
    ...client.journal.complaints,
    ...wrong,
    ...(await violations(stack)),
    ...tooLittle(round, result),
  ];
  return { ...result, faults };
}

/** Why the round proves nothing, if so. */
function tooLittle(
  { minAccepted, minDone = 0.9 }: Round,
  { tally, states }: Omit<RoundResult, 'faults'>,
): string[] {
  const { good, done } = goodOnes(states);
  const faults: string[] = [];
  if (tally.open > 0) faults.push(`${tally.open} submissions were never answered`);
  if (tally.accepted < minAccepted) faults.push(`only ${tally.accepted} were accepted, not ${minAccepted}`);
  if (done < minDone * good) faults.push(`only ${done} of ${good} are done: ${JSON.stringify(states)}`);
  return faults;
}

/** Ms until a payment that is submitted from now on has been accepted and is done. */
async function follow(apiUrl: string): Promise<number> {
  const startMs = performance.now();
  const payload = { debtor: 'ACC-000001', creditor: 'ACC-000002', amount: 1, currency: 'EUR' };
  const body = JSON.stringify({ type: 'payment', payload });
  const ask = async (path: string, init: RequestInit = {}): Promise<{ id?: string; state?: State }> => {
    const signal = AbortSignal.timeout(15_000);
    const response = await fetch(`${apiUrl}/v1/transactions${path}`, { ...init, signal }).catch(
      () => undefined,
    );
    const answer = response?.ok ? await response.json().catch(() => ({})) : {};
    return answer as { id?: string; state?: State };
  };
  const headers = { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
  let id: string | undefined;
  while (performance.now() - startMs < RECOVERY_MS) {
    if (id === undefined) id = (await ask('', { method: 'POST', headers, body })).id;
    const { state } = id === undefined ? {} : await ask(`/${id}?wait=2s`);
    if (state && isTerminal(state)) return performance.now() - startMs;
    if (id === undefined) await sleep(50);
  }
  throw new Error(`Nothing was done within ${RECOVERY_MS / 1_000} s after the fault.`);
}

/** Waits until every transaction has ended and the outbox is empty. Resolves to how many ms that took. */
export async function settle(stack: UnderTest, timeoutMs: number): Promise<number> {
  const startMs = performance.now();
  for (;;) {
    const [row] = await stack.query<{ open: number; outbox: number }>(
      `select (select count(*) from transaction where outcome is null)::int as open,
              (select count(*) from outbox)::int as outbox`,
    );
    if (row?.open === 0 && row.outbox === 0) return performance.now() - startMs;
    if (performance.now() - startMs > timeoutMs) {
      const left = await stack.query(
        `select t.id, t.type, t.state, t.keyed, t.attempts, t.sweeps, t.next_attempt_at, t.updated_at,
                clock_timestamp() as now, d.cause
         from transaction t left join dead_letter d on d.transaction_id = t.id
         where t.outcome is null order by t.id limit 10`,
      );
      throw new Error(
        `After ${timeoutMs / 1_000} s: ${JSON.stringify(row)}\n${JSON.stringify(left, null, 1)}`,
      );
    }
    await sleep(100);
  }
}

/** The client's books against the database: every 202 is there and has ended; a refusal stored nothing. */
async function compareBooks(
  stack: UnderTest,
  client: LoadClient,
): Promise<{ states: Record<string, number>; wrong: string[] }> {
  const rows = await stack.query<{ key: string; id: string; outcome: string | null }>(
    `select i.key, i.transaction_id as id, t.outcome
     from idempotency i left join transaction t on t.id = i.transaction_id where i.key like $1 || '%'`,
    [client.prefix],
  );
  const stored = new Map(rows.map((row) => [row.key, row]));
  const wrong: string[] = [];
  const states: Record<string, number> = {};
  for (const { idempotencyKey, id, kind } of client.journal.entries) {
    const found = stored.get(idempotencyKey);
    if (found?.id !== id) wrong.push(`${idempotencyKey}: answered ${id}, stored ${found?.id}`);
    if (!found) continue;
    if (found.outcome === null) wrong.push(`${id} has not ended`);
    if (kind !== 'good' && found.outcome === 'done') wrong.push(`${kind} ${id} is done`);
    const name = `${kind} ${found.outcome}`;
    states[name] = (states[name] ?? 0) + 1;
  }
  return { states, wrong: wrong.slice(0, 20) };
}

function goodOnes(states: Readonly<Record<string, number>>): { good: number; done: number } {
  const good = Object.entries(states).reduce((sum, [name, n]) => sum + (name.startsWith('good ') ? n : 0), 0);
  return { good, done: states['good done'] ?? 0 };
}

/** The settlement audit, the remote's ledger included: every rule that is broken, with its first cases. */
export async function violations(stack: UnderTest): Promise<string[]> {
  const { databaseUrl, remoteUrl } = stack.endpoints;
  const report = await verify({ databaseUrl, remoteUrl, requireLedger: true });
  const open = report.counts.inFlight === 0 ? [] : [`${report.counts.inFlight} have not ended`];
  const broken = report.rules.filter((rule) => rule.violations > 0 || rule.skipped !== undefined);
  return [...open, ...broken.map((rule) => `${rule.rule}: ${JSON.stringify(rule.examples.slice(0, 5))}`)];
}

interface Said {
  readonly tally: Tally;
  readonly states: Readonly<Record<string, number>>;
  readonly recoveries: readonly number[];
  readonly settledMs: number;
}

function say(name: string, { tally, states, recoveries, settledMs }: Said): void {
  const { good, done } = goodOnes(states);
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  const share = ((100 * done) / good).toFixed(1);
  console.log(
    `${name}: accepted ${tally.accepted}, done ${done} of ${good} good (${share} %), refused ${tally.refusals}, ` +
      `lost answers ${tally.lost}, recovered in ${recoveries.map(seconds).join(', ')} s, settled in ${seconds(settledMs)} s`,
  );
}
