import { setTimeout as sleep } from 'node:timers/promises';
import type { Supervisor } from '../../services/local/supervisor/supervisor.ts';

/** Times of a process from the order to start it, in ms. */
export interface ColdStart {
  /** It is a member of its group. */
  readonly readyMs: number;
  /** It has settled its first message. */
  readonly settledMs: number;
}

/** To ask costs a process that has just begun, and shares its core, a part of the time that is measured. */
const READY_POLL_MS = 50;
const SETTLED_POLL_MS = 250;
const SETTLED = /^sluice_stage_messages_total\{[^}]*outcome="moved"[^}]*\} ([1-9]\d*)/m;
const REBALANCES = /^sluice_stage_rebalances_total\{[^}]*\} (\d+)/m;

/** Follows the processes of a stage that are not among `known`, until each has settled something. */
export async function followStarts(
  supervisor: Supervisor,
  stage: string,
  { known, began, timeoutMs }: { known: ReadonlySet<string>; began: number; timeoutMs: number },
): Promise<ColdStart[]> {
  const { processes } = await supervisor.view(stage);
  const fresh = processes.filter(({ name }) => !known.has(name));
  const follow = async (adminPort: number): Promise<ColdStart> => {
    const after = async (look: () => Promise<boolean>, everyMs: number): Promise<number> => {
      while (performance.now() - began < timeoutMs) {
        if (await look().catch(() => false)) return performance.now() - began;
        await sleep(everyMs);
      }
      return NaN;
    };
    const readyMs = await after(async () => (await get(adminPort, '/readyz')).ok, READY_POLL_MS);
    const settledMs = await after(
      async () => SETTLED.test(await (await get(adminPort, '/metrics')).text()),
      SETTLED_POLL_MS,
    );
    return { readyMs, settledMs };
  };
  return Promise.all(fresh.map(({ adminPort }) => follow(adminPort)));
}

/** Rebalances that the first process of a stage has been through. */
export async function rebalancesOf(supervisor: Supervisor, stage: string): Promise<number> {
  const { processes } = await supervisor.view(stage);
  const first = processes.find(({ name }) => name === `${stage}-1`);
  if (!first) return NaN;
  const text = await (await get(first.adminPort, '/metrics')).text();
  return Number(REBALANCES.exec(text)?.[1] ?? 0);
}

function get(port: number, path: string): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) });
}
