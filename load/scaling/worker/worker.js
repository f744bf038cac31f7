// An ordinary consumer: one message after the other, each taking HANDLE_MS; offsets are committed by the client library,
// without metadata. With SAY_LOAD=1 it commits them itself, with metadata that says how busy it is
// (docs/commit-metadata.md). With REPORT_TOPIC it tells when it has settled what: so its waiting times are known.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, Partitioners, logLevel } from 'kafkajs';
import { calmTimers } from './calm-timers.js';

const { BROKERS, TOPIC, GROUP, REPORT_TOPIC, SAY_LOAD, HANDLE_MS = '25' } = process.env;
const COMMIT_MS = 500;
if (!BROKERS || !TOPIC || !GROUP) throw new Error('BROKERS, TOPIC and GROUP must be set.');

calmTimers();
const kafka = new Kafka({ clientId: 'worker', brokers: BROKERS.split(','), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({
  groupId: GROUP,
  sessionTimeout: 10_000,
  heartbeatInterval: 400,
  maxWaitTimeInMs: 250,
  // A batch of a partition is worked off within a second or two: a rebalance waits for it.
  maxBytesPerPartition: 4_096,
});
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
let settled = [];

async function report() {
  if (!REPORT_TOPIC || settled.length === 0) return;
  const value = JSON.stringify(settled);
  settled = [];
  await producer.send({ topic: REPORT_TOPIC, acks: 1, messages: [{ value }] });
}

// Where the time goes is made up for: timers are late by a millisecond or so, and 40 a second shall be 40.
let late = 0;
async function handle() {
  const began = performance.now();
  await sleep(Math.max(0, Number(HANDLE_MS) - late));
  late = Math.min(10, Math.max(0, late + (performance.now() - began) - Number(HANDLE_MS)));
}

const replica = randomUUID().slice(0, 8);
const done = new Map();
let busySeconds = 0;
let count = 0;
const metadata = () =>
  JSON.stringify({ v: 1, r: replica, b: Number(busySeconds.toFixed(3)), n: count, f: 0 });

async function commit() {
  const offsets = [...done].map(([partition, offset]) => ({
    topic: TOPIC,
    partition,
    offset,
    metadata: metadata(),
  }));
  done.clear();
  if (offsets.length > 0) await consumer.commitOffsets(offsets);
}

if (REPORT_TOPIC) await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [TOPIC], fromBeginning: true });
// What is no longer ours is the next one's to commit.
consumer.on(consumer.events.REBALANCING, () => done.clear());
const timers = [setInterval(() => void report().catch(() => {}), 250)];
if (SAY_LOAD) timers.push(setInterval(() => void commit().catch(() => {}), COMMIT_MS));
async function end() {
  for (const timer of timers) clearInterval(timer);
  if (SAY_LOAD) {
    // Ends after the message that is being worked on; then what is done is committed, while this is a member.
    consumer.pause([{ topic: TOPIC }]);
    await sleep(4 * Number(HANDLE_MS));
    await commit().catch(() => {});
  }
  await consumer.disconnect();
  await report();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void end());

await consumer.run({
  autoCommit: !SAY_LOAD,
  autoCommitInterval: COMMIT_MS,
  eachMessage: async ({ partition, message }) => {
    const began = performance.now();
    await handle();
    busySeconds += (performance.now() - began) / 1_000;
    count++;
    done.set(partition, String(Number(message.offset) + 1));
    if (REPORT_TOPIC)
      settled.push([partition, Number(message.offset), Number(message.timestamp), Date.now()]);
  },
});
