import { expect, test } from 'vitest';
import { eventually } from '../cluster/eventually.ts';
import { endOf, submitPayment } from './client.ts';
import { FOOTPRINT_MAX_BYTES, tellMemory } from './memory.ts';
import type { Suite } from './suite.ts';
import { podsOf } from './suite.ts';

const COMPONENTS = [
  'api',
  'collector',
  'jaeger',
  'kafka',
  'operator',
  'operator',
  'persist',
  'postgres',
  'relay',
  'remote',
  'remote-simulator',
  'validate',
];

/** After `helm install --wait` on an empty cluster. */
export function describeInstall(suite: () => Suite): void {
  test('every pod is ready, and none had to be restarted', async () => {
    const { kubectl, report } = suite();
    report.tell('pods.txt', await kubectl.run(['get', 'pods', '--output=wide']));
    // Helm does not wait for them; what they have made is there, or nothing would be ready.
    const jobsEnded = async () =>
      (await podsOf(kubectl)).every(({ component }) => COMPONENTS.includes(component));
    await eventually('the Jobs of the installation to end', jobsEnded);
    const pods = await podsOf(kubectl);
    expect(pods.map(({ component }) => component).sort()).toEqual(COMPONENTS);
    expect(pods.filter(({ ready }) => !ready)).toEqual([]);
    expect(pods.filter(({ restarts }) => restarts > 0)).toEqual([]);
  });

  test('helm test submits a payment, and it is done', async () => {
    const { release, report } = suite();
    const said = await release.test();
    report.tell('helm-test.txt', said);
    expect(said).toMatch(/Phase:\s+Succeeded/);
    expect(said).toMatch(/\bdone\b/);
  });

  test('a payment sent to the Service is done', async () => {
    const api = await suite().kubectl.forward('service/sluice-api', 80);
    const id = await submitPayment(api.url);
    await expect(endOf(api.url, id, 30_000)).resolves.toBe('done');
    api.stop();
  });

  test('the operator knows the lag of every stage', async () => {
    const { kubectl, report } = suite();
    const conditions = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{" "}{end}';
    await eventually('all StageScalers to be ready', async () => {
      const ready = await kubectl.run(['get', 'stagescalers', `--output=jsonpath=${conditions}`]);
      return ready.trim() === 'True True True';
    });
    const table = await kubectl.run(['get', 'stagescalers']);
    report.tell('stagescalers.txt', table);
    expect(table).toMatch(/NAME +REPLICAS +DESIRED +LAG +AGE\(S\) +IN\/S +CAP\/S +REASON/);
  });

  test('it needs no more memory than is said', async () => {
    const total = await tellMemory(suite(), 'memory.txt');
    expect(total).toBeLessThan(FOOTPRINT_MAX_BYTES);
  });
}
