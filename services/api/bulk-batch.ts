import { bulkLineIds } from '../domain/ids.ts';
import type { AcceptOutcome, AcceptStore, QueryStore, Submission } from '../store/port.ts';
import type { Line } from './line-reader.ts';
import type { Problem } from './problems.ts';
import { invalidRequest } from './problems.ts';
import type { SubmissionParser } from './submission.ts';
import { overdue, toSubmission } from './submission.ts';

/** A line that was read: what is to be stored, or why not. */
export interface Entry {
  readonly line: number;
  readonly submission: Submission | undefined;
  readonly problem: Problem | undefined;
  /** Its deadline has passed: fine for a line that was stored before, a mistake for a new one. */
  readonly late: Problem | undefined;
}

export type LineResult =
  | { readonly line: number; readonly outcome: 'accepted' | 'replayed'; readonly id: string }
  | { readonly line: number; readonly outcome: 'conflict' | 'rejected'; readonly problem: Problem };

export interface BulkBatch {
  read(line: Line): Entry;
  /**
   * Stores the entries in one commit and says what became of each, in order. May be repeated.
   * @throws what the store throws
   */
  store(entries: readonly Entry[]): Promise<LineResult[]>;
}

export interface BulkBatchOptions {
  readonly batchId: string;
  /** When the batch was first opened: part of the ids of its lines. Unix ms. */
  readonly createdMs: number;
  /** Makes the traceparent of one line. */
  readonly traceparent: () => string;
  readonly parser: SubmissionParser;
  readonly store: Pick<AcceptStore, 'accept'> & Pick<QueryStore, 'versions'>;
  readonly lineMaxBytes: number;
}

/** The lines of one bulk submission. Their ids depend on batch and line only: sent again, they are found. */
export function createBulkBatch(options: BulkBatchOptions): BulkBatch {
  const { parser, store } = options;
  const idOf = bulkLineIds(options.batchId, options.createdMs);

  function read({ number, bytes }: Line): Entry {
    const parsed = bytes ? parser.parse(bytes) : { problem: lineTooLong(options.lineMaxBytes) };
    return toEntry(number, parsed);
  }

  function toEntry(line: number, parsed: ReturnType<SubmissionParser['parse']>): Entry {
    if (parsed.problem) return { line, submission: undefined, problem: parsed.problem, late: undefined };
    const id = idOf(line);
    const submission = toSubmission(parsed.value, { id, traceparent: options.traceparent() });
    const late = overdue(parsed.value, Date.now());
    return { line, submission, problem: undefined, late: late && invalidRequest([late]) };
  }

  async function storeEntries(entries: readonly Entry[]): Promise<LineResult[]> {
    const known = await knownAmong(entries.filter((entry) => entry.late));
    const settled = entries.map((entry) => refusalOf(entry, known));
    const submissions = entries.flatMap((entry, at) => (settled[at] ? [] : [entry.submission!]));
    const outcomes = submissions.length > 0 ? await store.accept(submissions) : [];
    let next = 0;
    return entries.map((entry, at) => settled[at] ?? resultOf(entry.line, outcomes[next++]!));
  }

  async function knownAmong(late: readonly Entry[]): Promise<ReadonlyMap<string, number>> {
    return late.length === 0 ? new Map() : store.versions(late.map((entry) => entry.submission!.id));
  }

  return { read, store: storeEntries };
}

/** Why an entry is not to be stored at all; undefined when it is. */
function refusalOf(entry: Entry, known: ReadonlyMap<string, number>): LineResult | undefined {
  const { line, problem, submission, late } = entry;
  if (problem) return { line, outcome: 'rejected', problem };
  if (late && !known.has(submission!.id)) return { line, outcome: 'rejected', problem: late };
  return undefined;
}

function resultOf(line: number, outcome: AcceptOutcome): LineResult {
  if (outcome.kind !== 'conflict') return { line, outcome: outcome.kind, id: outcome.id };
  return { line, outcome: 'conflict', problem: lineConflict(line, outcome.id) };
}

function lineConflict(line: number, id: string): Problem {
  return {
    code: 'line-conflict',
    detail: `Line ${line} of this batch was stored with other content; send it under another Batch-Id.`,
    members: { id },
  };
}

function lineTooLong(maxBytes: number): Problem {
  return { code: 'line-too-long', detail: `The line is longer than ${maxBytes} bytes.` };
}
