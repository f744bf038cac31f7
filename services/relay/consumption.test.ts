import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Consumption } from './consumption.ts';

const at = (seconds: number): Date => new Date(seconds * 1_000);
const ends = (...highs: number[]) =>
  highs.map((high, partition) => ({ partition, low: 0n, high: BigInt(high) }));
const committed = (...offsets: (number | undefined)[]) =>
  offsets.map((offset, partition) => ({
    partition,
    offset: offset === undefined ? undefined : BigInt(offset),
    metadata: undefined,
  }));

test('knows nothing before the group has caught up with a sample', () => {
  const consumption = new Consumption();
  consumption.observe(at(1), ends(10, 5), committed(3, 5));
  expect(consumption.consumedUntil()).toBeUndefined();
});

test('is as late as the latest sample that every partition has reached', () => {
  const consumption = new Consumption();
  consumption.observe(at(1), ends(10, 5), committed(3, 5));
  consumption.observe(at(2), ends(20, 5), committed(12, 5));
  expect(consumption.consumedUntil()).toEqual(at(1));
  consumption.observe(at(3), ends(30, 9), committed(20, 5));
  expect(consumption.consumedUntil()).toEqual(at(2));
});

test('an empty topic is consumed, a group that never committed has read nothing', () => {
  const consumption = new Consumption();
  consumption.observe(at(1), ends(0, 0), committed(undefined, undefined));
  expect(consumption.consumedUntil()).toEqual(at(1));
  consumption.observe(at(2), ends(1, 0), committed(undefined, undefined));
  expect(consumption.consumedUntil()).toEqual(at(1));
});

test('starts over when the topic has lost its records', () => {
  const consumption = new Consumption();
  consumption.observe(at(1), ends(50), committed(20));
  consumption.observe(at(2), ends(0), committed(undefined));
  expect(consumption.consumedUntil()).toEqual(at(2));
});

test('never says that something was consumed which was not, whatever the offsets do', () => {
  // One partition: what is published, what is committed, and now and then a topic made anew.
  const step = fc.record({ published: fc.nat(5), committed: fc.nat(7), anew: fc.nat(19) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const consumption = new Consumption();
      let end = 0;
      let offset = 0;
      const published: { at: number; offset: number }[] = [];
      for (const [index, { published: count, committed: moved, anew }] of steps.entries()) {
        if (anew === 0) {
          end = 0;
          offset = 0;
          published.length = 0;
        }
        for (let n = 0; n < count; n++) published.push({ at: index - 0.5, offset: end++ });
        offset = Math.min(end, offset + moved);
        consumption.observe(at(index), ends(end), committed(offset));
        const until = consumption.consumedUntil();
        const open = published.filter((message) => message.offset >= offset);
        // What lies before that moment has been consumed: nothing that is still open was published before it.
        const early = open.filter((message) => until && message.at * 1_000 <= until.getTime());
        expect(early).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});
