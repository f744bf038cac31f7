import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadScalers } from './load-scalers.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-scalers-'));
});
afterEach(() => rm(directory, { recursive: true }));

const write = (name: string, text: string): Promise<void> => writeFile(join(directory, name), text);

const scaler = (name: string, spec = '', target = `{ kind: Http, name: ${name} }`): string => `
apiVersion: sluice.dev/v1alpha1
kind: StageScaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: ${target}
  kafka: { consumerGroup: sluice.${name}, topics: [in-${name}] }
  objective: { maxAgeSeconds: 10 }
  maxReplicas: 6
  ${spec}
`;

const mistakes = (): Promise<string> =>
  loadScalers(directory, ['default']).then(
    () => '',
    (error: Error) => error.message,
  );

test('every file, and every document in it', async () => {
  await write(
    'b.yaml',
    `${scaler('remote', 'upstream: [validate]')}---${scaler('persist', 'upstream: [remote]')}`,
  );
  await write('a.yml', scaler('validate'));
  await write('notes.txt', 'not: [yaml');
  const scalers = await loadScalers(directory, ['default']);
  expect(scalers.map(({ spec }) => [spec.name, spec.upstream])).toEqual([
    ['validate', []],
    ['remote', ['validate']],
    ['persist', ['remote']],
  ]);
  expect(scalers[1]!.lag).toMatchObject({ connection: 'default', consumerGroup: 'sluice.remote' });
});

test('all mistakes of all files at once', async () => {
  await write('a.yaml', scaler('one', 'minReplica: 2'));
  await write('b.yaml', 'apiVersion: [');
  await write('c.yaml', scaler('two', 'upstream: [nobody]', '{ name: two }'));
  await write('d.yaml', `${scaler('three', 'upstream: [four]')}---${scaler('four', 'upstream: [three]')}`);
  await write('e.yaml', scaler('five', '', '{ kind: Http, name: four }'));
  const text = await mistakes();
  for (const part of [
    'a.yaml: ',
    'minReplica',
    'b.yaml: ',
    'two: spec.scaleTargetRef.kind is Deployment: outside of Kubernetes it must be Http',
    'two: spec.upstream names nobody',
    'three: spec.upstream is a circle: three < four < three',
    'two StageScalers scale Http four',
  ])
    expect(text).toContain(part);
});

test('a connection that is not configured, names that are there twice', async () => {
  await write('a.yaml', scaler('one').replace('{ consumerGroup', '{ connection: other, consumerGroup'));
  await write('b.yaml', scaler('one'));
  const text = await mistakes();
  expect(text).toContain('one: spec.kafka.connection is "other": there is default');
  expect(text).toContain('two StageScalers are named one');
});

test('an empty directory, and none', async () => {
  expect(await mistakes()).toContain('there is no StageScaler in it');
  await expect(loadScalers(join(directory, 'none'), [])).rejects.toThrow('the directory cannot be read');
});
