import { expect, test } from 'vitest';
import type { TopicSpec } from '../broker/port.ts';
import { checkTopics, prepareTopics } from './topics.ts';
import { NotYetError } from './wait-until-done.ts';

const specs = [
  { topic: 'new', partitions: 6 },
  { topic: 'new.dlq', partitions: 1 },
];

function broker(existing: Record<string, number>) {
  const topics = new Map(Object.entries(existing));
  return {
    async ensureTopics(wanted: readonly TopicSpec[]) {
      const missing = wanted.filter(({ topic }) => !topics.has(topic));
      for (const { topic, partitions } of missing) topics.set(topic, partitions);
      return missing.map(({ topic }) => topic);
    },
    async partitionCount(topic: string) {
      return topics.get(topic) ?? 0;
    },
  };
}

test('creates what is missing', async () => {
  const admin = broker({ new: 6 });
  await expect(prepareTopics(admin, specs)).resolves.toEqual(['new.dlq']);
  await expect(prepareTopics(admin, specs)).resolves.toEqual([]);
});

test('more partitions than asked for are fine', async () => {
  await expect(prepareTopics(broker({ new: 12, 'new.dlq': 1 }), specs)).resolves.toEqual([]);
  await expect(checkTopics(broker({ new: 12, 'new.dlq': 1 }), specs)).resolves.toBeUndefined();
});

test('too few partitions are named, and waited for', async () => {
  const given = prepareTopics(broker({ new: 2, 'new.dlq': 1 }), specs);
  await expect(given).rejects.toThrow(NotYetError);
  await expect(given).rejects.toThrow('new has 2 of 6');
});

test('without leave to create, what is missing is waited for, and told with the rest', async () => {
  const given = checkTopics(broker({ new: 2 }), specs);
  await expect(given).rejects.toThrow(NotYetError);
  await expect(given).rejects.toThrow(/lacks new\.dlq: .*new has 2 of 6/);
});

test('a broker that does not answer is waited for', async () => {
  const admin = { ...broker({}), ensureTopics: () => Promise.reject(new Error('connect ECONNREFUSED')) };
  const given = prepareTopics(admin, specs);
  await expect(given).rejects.toThrow(NotYetError);
  await expect(given).rejects.toThrow('ECONNREFUSED');
});
