import { expect, test } from 'vitest';
import { finishJob, startJob } from '../cluster/job.ts';
import type { K6Result } from '../reading/k6-result.ts';
import { readK6Result } from '../reading/k6-result.ts';
import type { Suite } from './suite.ts';

const START_SECONDS = 60;

/** Waits for a load Job that is running; its log goes into the report. */
export async function resultOf({ kubectl, report }: Suite, name: string, seconds: number): Promise<K6Result> {
  const { log } = await finishJob(kubectl, name, 2 * seconds + START_SECONDS);
  report.tell(`load-${name}.txt`, log);
  return readK6Result(log);
}

/** The others are played by other parts of the suite. */
export function describeSmoke(suite: () => Suite): void {
  test('smoke: what is submitted is settled', async () => {
    await startJob(suite().kubectl, 'smoke', 'sluice-load-smoke', { SECONDS: 5 });
    const { broken, values } = await resultOf(suite(), 'smoke', 5);
    expect(broken).toEqual([]);
    expect(values['sluice_settled']?.['count']).toBeGreaterThan(2);
  });
}

export function describeDuel(suite: () => Suite): void {
  test('duel: both shapes are measured, and events answer sooner', async () => {
    const env = { SECONDS: 10, USERS: 10, PAUSE_SECONDS: 10 };
    await startJob(suite().kubectl, 'duel', 'sluice-load-duel', env);
    const { broken, values } = await resultOf(suite(), 'duel', 30);
    expect(broken).toEqual([]);
    const reply = (mode: string): number => values[`sluice_reply{mode:${mode}}`]?.['med'] ?? Number.NaN;
    expect(reply('events')).toBeLessThan(reply('sync'));
  });
}
