import { expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../cluster/eventually.ts';
import { startJob } from '../cluster/job.ts';
import { killContainer } from '../cluster/kill-container.ts';
import type { Kubectl } from '../cluster/kubectl.ts';
import { resultOf } from './load.ts';
import { REMOTE } from './scaling.ts';
import type { Suite } from './suite.ts';
import { podsOf } from './suite.ts';

/** Half of it rising, a quarter at the top, a quarter falling. */
const RAMP = { SECONDS: 60, FROM_RATE: 5, TO_RATE: 50, USERS: 300 };
/** Figures alone are written no more often. */
const FIGURES_MS = 10_000;
/** Longer than a Lease lasts. */
const TAKEOVER_MS = 30_000;

const leaseSchema = z.object({ spec: z.object({ holderIdentity: z.string().default('') }) });

/** Who leads: the name of a pod, and behind it which of its containers; undefined: none. */
async function leaderOf(kubectl: Kubectl): Promise<string | undefined> {
  const { spec } = await kubectl.json(leaseSchema, 'get', 'lease', 'sluice-operator');
  return spec.holderIdentity || undefined;
}

const podOf = (identity: string): string => identity.split('_', 1)[0]!;

async function kill({ kubectl, killed }: Suite, pod: string): Promise<void> {
  killed.add(pod);
  await killContainer(kubectl, pod);
}

/** kill -9, while the load rises. */
export function describeFaults(suite: () => Suite): void {
  test('the leading operator and a pod of the stage are killed while the load rises: nobody notices', async () => {
    const { kubectl, report, watch } = suite();
    await startJob(kubectl, 'ramp', 'sluice-load-ramp', RAMP);
    await eventually('more replicas', () => (watch.latest(REMOTE)?.readyReplicas ?? 0) > 1, 60_000);
    const first = await eventually('a leader', () => leaderOf(kubectl));
    const [victim] = await podsOf(kubectl, 'remote');
    await Promise.all([kill(suite(), podOf(first)), kill(suite(), victim!.name)]);
    const killedMs = Date.now();

    const second = await eventually(
      'another leader',
      async () => {
        const leader = await leaderOf(kubectl);
        return leader !== first && leader;
      },
      TAKEOVER_MS,
    );
    const tookOverMs = Date.now();
    report.tell(
      'killed.txt',
      `${first} and ${victim!.name} killed; ${second} leads after ${(tookOverMs - killedMs) / 1_000} s`,
    );
    expect((await podsOf(kubectl, 'operator')).map(({ name }) => name)).toContain(podOf(second));
    const { broken } = await resultOf(suite(), 'ramp', RAMP.SECONDS);
    expect(broken).toEqual([]);
    // The new one goes on looking and writing: what it sees of a load that rises and falls moves.
    const seen = (): number =>
      new Set(
        watch
          .since(REMOTE, tookOverMs)
          .map(({ lagRecords, arrivalPerSecond }) => `${lagRecords} ${arrivalPerSecond}`),
      ).size;
    await eventually('figures of the new leader', () => seen() > 1, 2 * FIGURES_MS);
  });

  test('what was killed is back', async () => {
    const { kubectl } = suite();
    const waiting = async (): Promise<string[]> =>
      (await podsOf(kubectl)).filter(({ ready }) => !ready).map(({ name }) => name);
    await expect.poll(waiting, { timeout: 60_000, interval: 1_000 }).toEqual([]);
  });
}
