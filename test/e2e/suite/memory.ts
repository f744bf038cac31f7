import { z } from 'zod';
import { eventually } from '../cluster/eventually.ts';
import type { Suite } from './suite.ts';
import { NAMESPACE, podsOf } from './suite.ts';

const MIB = 2 ** 20;
/** Of the demo profile, Kafka and Postgres included. */
export const FOOTPRINT_MAX_BYTES = 2.5 * 2 ** 30;

/** Puts the memory that each pod works with into the report. Resolves to that of all, in bytes. */
export async function tellMemory(suite: Suite, name: string): Promise<number> {
  const bytes = await eventually(
    'figures of every pod',
    async () => {
      const found = await memoryOf(suite);
      return (await podsOf(suite.kubectl)).every((pod) => pod.name in found) && found;
    },
    60_000,
  );
  const lines = Object.entries(bytes).map(([pod, size]) => `${pod.padEnd(44)} ${Math.round(size / MIB)} MiB`);
  const total = Object.values(bytes).reduce((sum, size) => sum + size, 0);
  suite.report.tell(name, [...lines.sort(), `in all ${Math.round(total / MIB)} MiB`].join('\n'));
  return total;
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
