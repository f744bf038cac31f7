import { expect, test } from 'vitest';
import { z } from 'zod';
import { eventually } from '../cluster/eventually.ts';
import { endOf, submitPayment } from './client.ts';
import type { Suite } from './suite.ts';
import { NAMESPACE, podsOf } from './suite.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const FOOTPRINT_MAX_BYTES = 2.5 * GIB;
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
    const { kubectl, report } = suite();
    const bytes = await eventually(
      'figures of every pod',
      async () => {
        const found = await memoryOf(suite());
        return Object.keys(found).length >= (await podsOf(kubectl)).length && found;
      },
      60_000,
    );
    const lines = Object.entries(bytes).map(
      ([pod, size]) => `${pod.padEnd(44)} ${Math.round(size / MIB)} MiB`,
    );
    const total = Object.values(bytes).reduce((sum, size) => sum + size, 0);
    report.tell('memory.txt', [...lines, `in all ${Math.round(total / MIB)} MiB`].join('\n'));
    expect(total).toBeLessThan(FOOTPRINT_MAX_BYTES);
  });
}

const nodesSchema = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });
const summarySchema = z.object({
  pods: z.array(
    z.object({
      podRef: z.object({ name: z.string(), namespace: z.string() }),
      memory: z.object({ workingSetBytes: z.number().default(0) }).default({ workingSetBytes: 0 }),
    }),
  ),
});

/** Working sets of the pods, in bytes, as the kubelets tell them. */
async function memoryOf({ kubectl }: Suite): Promise<Record<string, number>> {
  const { items } = await kubectl.json(nodesSchema, 'get', 'nodes');
  const paths = items.map(({ metadata }) => `/api/v1/nodes/${metadata.name}/proxy/stats/summary`);
  const texts = await Promise.all(paths.map((path) => kubectl.run(['get', '--raw', path])));
  const pods = texts.flatMap((text) => summarySchema.parse(JSON.parse(text)).pods);
  const own = pods.filter(
    ({ podRef, memory }) => podRef.namespace === NAMESPACE && memory.workingSetBytes > 0,
  );
  return Object.fromEntries(own.map(({ podRef, memory }) => [podRef.name, memory.workingSetBytes]));
}
