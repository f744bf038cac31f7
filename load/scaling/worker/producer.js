// Poisson arrivals at rates that change, spread evenly over the partitions. Argument: JSON with brokers, topic,
// partitions and rates: [[second from which on, per second], …, [second of the end, 0]]; optionally seed and beginsAt
// (unix ms). The timestamp of a record is the moment at which it was due. Prints how many there were.
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { calmTimers } from './calm-timers.js';

const given = JSON.parse(process.argv[2] ?? '{}');
const { brokers, topic, partitions, rates, seed = 1 } = given;
if (!brokers || !topic || !partitions || !rates)
  throw new Error('brokers, topic, partitions and rates must be given.');
const TICK_MS = 20;
// Long enough for a line, short enough for a batch of a partition to be worked off in a second or two.
const VALUE = 'x'.repeat(40);

calmTimers();
const producer = new Kafka({ brokers, logLevel: logLevel.ERROR }).producer({
  createPartitioner:
    () =>
    ({ message }) =>
      message.partition,
});
await producer.connect();

const { beginsAt = Date.now() } = given;
const random = mulberry32(seed);
const end = rates.at(-1)[0];
const rateAt = (second) => rates.findLast(([from]) => from <= second)[1];
let due = 0;
let count = 0;
next();
while (due < end) {
  const second = (Date.now() - beginsAt) / 1_000;
  const messages = [];
  for (; due <= second && due < end; next())
    messages.push({
      value: VALUE,
      partition: count++ % partitions,
      timestamp: String(Math.round(beginsAt + due * 1_000)),
    });
  if (messages.length > 0) await producer.send({ topic, messages });
  await sleep(TICK_MS);
}
await producer.disconnect();
process.stdout.write(`${count}\n`);

/** The gap to the next arrival; where the rate is 0 there is none until it changes. */
function next() {
  const rate = rateAt(due);
  const change = rates.find(([from]) => from > due)?.[0] ?? end;
  const gap = rate === 0 ? Infinity : -Math.log(1 - random()) / rate;
  // Past a change of the rate the draw begins anew there: arrivals have no memory.
  if (due + gap < change) due += gap;
  else {
    due = change;
    if (due < end) next();
  }
}

function mulberry32(from) {
  let state = from | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
