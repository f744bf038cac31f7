import type { MeasureDeps } from '../lib/measure.ts';

/** The rows of the table, in the order in which it has them. */
export const ROW_KEYS = [
  'accept',
  'completed',
  'ratio',
  'end-to-end',
  'bulk',
  'stage-memory',
  'one-user',
  'stack-memory',
  'start',
] as const;
export type RowKey = (typeof ROW_KEYS)[number];

export interface Goal {
  readonly title: string;
  readonly must: string;
  readonly aim: string;
}

export const GOALS: Readonly<Record<RowKey, Goal>> = {
  accept: {
    title: 'accept, 40 keep-alive users, durable, all guarantees on',
    must: '1,800/s, p99 < 100 ms',
    aim: '4,000/s, p99 < 50 ms',
  },
  completed: {
    title: 'completed, backlog flat, 450 ms remote',
    must: '1,000/s for 5 min',
    aim: '2,000/s',
  },
  ratio: {
    title: 'completed/s over the synchronous twin, 40 users, 450 ms remote, same run',
    must: '18x',
    aim: '28x',
  },
  'end-to-end': { title: 'accept to done, instant remote, 200/s: p99', must: '300 ms', aim: '100 ms' },
  bulk: {
    title: 'bulk: 1,000,000 lines',
    must: 'constant RSS (< 200 MB api), all ids returned',
    aim: '10,000 lines/s',
  },
  'stage-memory': { title: 'RSS per stage process at rest', must: '< 120 MB', aim: '80 MB' },
  'one-user': { title: 'accept p50 at 1 user', must: '< 10 ms', aim: '3 ms' },
  'stack-memory': {
    title: 'whole local stack at rest: Kafka, Postgres, all services',
    must: '< 1.5 GiB RSS',
    aim: '1 GiB',
  },
  start: {
    title: '`npm start` to first transaction done: cold (downloads included) / warm',
    must: '60 s / 15 s',
    aim: '30 s / 8 s',
  },
};

/** What a row has come to. */
export interface Outcome {
  readonly measured: string;
  readonly must: boolean;
  readonly aim: boolean;
  /** How it was measured, and what else was seen. */
  readonly notes: readonly string[];
  /** The raw figures. */
  readonly data: unknown;
}

export interface BenchContext {
  readonly deps: MeasureDeps;
  readonly say: (line: string) => void;
  /** Short runs: shows that the bench works, proves nothing. */
  readonly quick: boolean;
  /** Length of the long run of `completed`. */
  readonly holdSeconds: number;
}

export type RowRun = (context: BenchContext) => Promise<Outcome>;

export const REMOTE_LATENCY_MS = 450;
