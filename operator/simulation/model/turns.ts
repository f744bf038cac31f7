import type { RecordQueue } from './record-queue.ts';

/** A client that takes its partitions in turn, one batch after the other, and commits as it goes. Times in seconds. */
export interface TurnSettings {
  /** Most records that one fetch brings of a partition. */
  readonly batchRecords: number;
  /** From asking for batches to having them. */
  readonly fetchSeconds: number;
  /** For which a commit holds up what comes next. */
  readonly commitSeconds: number;
  /** Within a batch, at most so long after the commit before; Infinity: only at its end. */
  readonly commitInterval: number;
  /** Share of its time that goes by between the records of a batch. */
  readonly betweenShare: number;
}

/** Where one replica is. */
export interface Turn {
  /** Of the partition's records, those before this offset are in the batch. */
  readonly batches: { readonly partition: number; readonly end: number }[];
  committedAt: number;
  /** Of the group: whatever was fetched before is another's now. */
  readonly generation: number;
  /** What it will have been waiting for at the end of the last step, such as a commit: time that is not for records. */
  owed: number;
}

export const newTurn = (generation: number): Turn => ({ batches: [], committedAt: 0, generation, owed: 0 });

/** A step of a replica. */
export interface TurnStep {
  readonly partitions: readonly number[];
  readonly queues: readonly RecordQueue[];
  /** End of the step, and its length. */
  readonly at: number;
  readonly stepSeconds: number;
  /** Records per second while it is at work. */
  readonly perSecond: number;
  readonly isBlocked: (partition: number) => boolean;
  readonly settle: (partition: number, records: number) => void;
  /** Of this partition, up to where it is now. */
  readonly commit: (partition: number) => void;
}

/**
 * Works for one step: a fetch brings a batch of every partition that has records, each up to a limit; they are worked
 * off one after the other, so a partition's offset stands still while it is the turn of others. An empty fetch waits
 * for the next step.
 *
 * Source: kafkajs 2.2.4, consumer/fetcher.js and runner.js: all batches of a fetch go through one worker queue before
 * the next fetch; offsets are committed at the end of each batch, and within it when autoCommitInterval has passed.
 */
export function workInTurn(turn: Turn, settings: TurnSettings, step: TurnStep): void {
  const { at, stepSeconds, queues } = step;
  const perSecond = step.perSecond * (1 - settings.betweenShare);
  let left = stepSeconds - turn.owed;
  while (left > 0) {
    const batch = turn.batches[0];
    if (batch === undefined) {
      if (!fetch(turn, settings, step)) break;
      left -= settings.fetchSeconds;
      continue;
    }
    const queue = queues[batch.partition]!;
    const records = Math.min(batch.end - queue.departed, left * perSecond);
    step.settle(batch.partition, records);
    left -= records / perSecond;
    const now = at - left;
    const isDone = batch.end - queue.departed < 1e-6;
    if (isDone) turn.batches.shift();
    if (!isDone && now - turn.committedAt < settings.commitInterval) break;
    step.commit(batch.partition);
    turn.committedAt = now;
    left -= settings.commitSeconds;
  }
  turn.owed = Math.max(0, -left);
}

/** False: nothing waits. */
function fetch(turn: Turn, { batchRecords }: TurnSettings, step: TurnStep): boolean {
  const { partitions, queues, isBlocked } = step;
  for (const partition of partitions) {
    if (isBlocked(partition)) continue;
    const { departed, arrived } = queues[partition]!;
    // Only whole records can be fetched.
    const end = Math.min(Math.floor(arrived + 1e-6), Math.floor(departed + 1e-6) + batchRecords);
    if (end > departed + 1e-6) turn.batches.push({ partition, end });
  }
  return turn.batches.length > 0;
}
