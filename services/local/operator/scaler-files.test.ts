import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { STAGES } from '../../domain/stages.ts';
import type { Stage } from '../../domain/stages.ts';
import { adapt } from './scaler-files.ts';

const template = (stage: Stage): Promise<string> =>
  readFile(join(import.meta.dirname, '..', 'scalers', `${stage}.yaml`), 'utf8');

test.each(STAGES)('%s: the file as it is shipped is that of the defaults', async (stage) => {
  const text = await template(stage);
  const options = { topicPrefix: 'sluice', orders: ['chained'], fixed: [] } as const;
  expect(parse(adapt(text, stage, options))).toEqual(parse(text));
});

test('group and topics follow the prefix and the types; what was set by hand is paused', async () => {
  const text = adapt(await template('persist'), 'persist', {
    topicPrefix: 'mine',
    orders: ['chained', 'fanOut'],
    fixed: ['persist'],
  });
  expect(parse(text)).toMatchObject({
    metadata: { name: 'persist', annotations: { 'sluice.dev/paused': 'true' } },
    spec: {
      kafka: {
        consumerGroup: 'mine.persist',
        topics: ['mine.transactions.remote-responded', 'mine.transactions.validated'],
      },
      upstream: ['remote'],
    },
  });
});
