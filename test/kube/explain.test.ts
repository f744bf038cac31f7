import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createProgram } from '../../operator/cli/program.ts';
import type { LeadingOperator } from './leading-operator.ts';
import { startLeading, stopLeading } from './leading-operator.ts';

let leading: LeadingOperator;
beforeAll(async () => {
  leading = await startLeading();
});
afterAll(() => stopLeading(leading));

async function explain(...args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const program = createProgram({ operatorUrl: 'http://127.0.0.1:9', print: (some) => lines.push(...some) });
  const kubeconfig = ['--kubeconfig', inject('KUBECONFIG')];
  await program.parseAsync(['explain', ...args, ...kubeconfig], { from: 'user' });
  return lines.join('\n');
}

test('where the operator is no pod, its last decision is read from the status', async () => {
  const { cluster, lag, namespace } = leading;
  lag.set(`${namespace.name}/stage`, { perSecond: 200, capacity: 40 });
  await cluster.createDeployment('stage', 1);
  await cluster.createScaler('stage');
  await cluster.untilEvent('stage', 'ScaledUp');
  await cluster.untilCondition('stage', 'Ready', 'Observed');
  const text = await explain('stage', '-n', namespace.name);
  expect(text).toContain(`${namespace.name}/stage: `);
  expect(text).toContain('is no pod of the namespace');
  expect(text).toMatch(/From its status, as of \d{4}-/);
  expect(text).toMatch(/capacity +[\d.]+\/s per replica/);
  expect(await explain(`${namespace.name}/stage`)).toContain('chosen');
});

test('one that the operator refuses says why', async () => {
  const { cluster, namespace } = leading;
  await cluster.createScaler('nothing');
  await cluster.untilCondition('nothing', 'Ready', 'TargetNotFound');
  expect(await explain(`${namespace.name}/nothing`)).toMatch(
    /nothing was decided, TargetNotFound\n .*nothing/,
  );
});

test('a name that is not there is told with those that are', async () => {
  const { namespace } = leading;
  await expect(explain(`${namespace.name}/nobody`)).rejects.toThrow(
    `There is no StageScaler "nobody" in the namespace ${namespace.name}; there: `,
  );
});
