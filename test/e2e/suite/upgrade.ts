import { expect, test } from 'vitest';
import { eventually } from '../cluster/eventually.ts';
import { startJob } from '../cluster/job.ts';
import { endOf, submitPayment } from './client.ts';
import { resultOf } from './load.ts';
import type { Suite } from './suite.ts';
import { podsOf } from './suite.ts';

const SOAK = { SECONDS: 120, RATE: 12, USERS: 100 };
const STAGES = ['sluice-persist', 'sluice-remote', 'sluice-validate'];
/** Every pod of ours starts anew, and the stages may sleep. */
const CHANGE = [
  'pipeline.logLevel=debug',
  'stageDefaults.scaler.minReplicas=0',
  'stageDefaults.scaler.idleSeconds=15',
];
const ASLEEP_MS = 180_000;
const AWAKE_MS = 60_000;

/** From the first revision to a second one under load, to sleep and awake, and back. */
export function describeUpgrade(suite: () => Suite): void {
  test('helm upgrade replaces every pod under load, without an error for a client', async () => {
    const { kubectl, release, report } = suite();
    const before = await podsOf(kubectl);
    await startJob(kubectl, 'soak', 'sluice-load-soak', SOAK);
    await eventually(
      'load',
      async () => (await kubectl.run(['get', 'job', 'soak', '--output=jsonpath={.status.ready}'])) === '1',
    );
    const fromMs = Date.now();
    await release.upgrade(CHANGE);
    const seconds = (Date.now() - fromMs) / 1_000;
    const starts = (await podsOf(kubectl))
      .filter(({ uid, component }) => component !== 'load' && !before.some((pod) => pod.uid === uid))
      .map((pod) => `${pod.name.padEnd(44)} ready ${pod.startSeconds} s after it was scheduled`);
    report.tell('upgrade.txt', [...starts, `every pod of ours replaced in ${seconds} s`].join('\n'));
    const { broken, values } = await resultOf(suite(), 'soak', SOAK.SECONDS);
    // How long answers take while all processes of a machine start is told, not judged.
    expect(broken.filter((threshold) => /^sluice_(failed|unsettled)/.test(threshold))).toEqual([]);
    expect(values['sluice_failed']?.['rate']).toBe(0);
    expect(seconds).toBeLessThan(SOAK.SECONDS);
    const kept = new Set(before.map(({ uid }) => uid));
    const left = (await podsOf(kubectl)).filter(({ uid }) => kept.has(uid)).map(({ component }) => component);
    expect(left.sort()).toEqual(['collector', 'jaeger', 'kafka', 'postgres']);
  });

  test('stages without work sleep', async () => {
    const { watch, report, kubectl } = suite();
    const replicas = (): number[] => STAGES.map((name) => watch.latest(name)?.replicas ?? Number.NaN);
    await expect.poll(replicas, { timeout: ASLEEP_MS, interval: 500 }).toEqual([0, 0, 0]);
    report.tell('asleep.txt', await kubectl.run(['get', 'stagescalers,deployments']));
  });

  test('a payment wakes the whole chain', async () => {
    const { kubectl, report, watch } = suite();
    const fromMs = Date.now();
    const api = await kubectl.forward('service/sluice-api', 80);
    const id = await submitPayment(api.url);
    await expect(endOf(api.url, id, AWAKE_MS)).resolves.toBe('done');
    report.tell('awake.txt', `from nothing to done in ${(Date.now() - fromMs) / 1_000} s`);
    api.stop();
    for (const name of STAGES)
      expect(watch.since(name, fromMs).some(({ replicas }) => replicas > 0)).toBe(true);
  });

  test('helm rollback brings back what was', async () => {
    const { kubectl, release } = suite();
    await release.rollback(1);
    await eventually(
      'a replica of every stage',
      async () => {
        const pods = await podsOf(kubectl);
        const ready = pods.filter((pod) => pod.ready).map(({ component }) => `sluice-${component}`);
        return STAGES.every((stage) => ready.includes(stage));
      },
      AWAKE_MS,
    );
    const path = '--output=jsonpath={.data.LOG_LEVEL}';
    expect(await kubectl.run(['get', 'configmap', 'sluice', path])).toBe('info');
  });

  // The first revision may have made the StageScalers by hooks, whose objects are not part of a release.
  test('where a stage is to have no scaler any more, none is left', async () => {
    const { kubectl, release } = suite();
    const scaled = async () =>
      (await kubectl.run(['get', 'stagescalers', '--output=name'])).trim().split('\n').map(nameIn).sort();
    expect(await scaled()).toEqual(STAGES);
    await release.upgrade(['stages.persist.scaler.enabled=false']);
    expect(await scaled()).toEqual(STAGES.filter((name) => name !== 'sluice-persist'));
  });
}

const nameIn = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
