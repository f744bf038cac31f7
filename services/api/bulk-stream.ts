import type { BulkBatch, Entry, LineResult } from './bulk-batch.ts';
import type { Line } from './line-reader.ts';
import type { Problem } from './problems.ts';
import { problemBody } from './problems.ts';
import type { Turns } from './turns.ts';

export interface BulkStreamOptions {
  /** Lines as they come in, in order. */
  readonly lines: AsyncIterable<readonly Line[]>;
  /** True when `lines` has ended before the input has. */
  readonly cutShort: () => boolean;
  readonly batch: BulkBatch;
  /** Shared by all streams: bounds the commits under way. */
  readonly turns: Turns;
  /** Whether trying again later may help. */
  readonly isTransient: (error: unknown) => boolean;
  readonly problemOf: (error: unknown) => Problem;
  readonly onResult: (outcome: LineResult['outcome']) => void;
  readonly onError: (error: unknown) => void;
  /** How long a chunk is tried again while the database is away. Default 30,000. */
  readonly retryForMs?: number;
}

export interface BulkSummary {
  /** Lines that were not blank. */
  readonly lines: number;
  readonly accepted: number;
  readonly replayed: number;
  readonly rejected: number;
  /** False: the stream was cut short, and the batch should be sent again. */
  readonly complete: boolean;
}

const CHUNK_LINES = 500;
const CHUNKS_IN_FLIGHT = 2;
/** Lines read ahead; the last read can add a few hundred. */
const AHEAD_LINES = 1_000;
/** Less than the idle time-out of the connection, on which nothing moves meanwhile. */
const RETRY_FOR_MS = 30_000;
const RETRY_WAIT_MS = { first: 100, most: 2_000 };

interface Chunk {
  readonly entries: readonly Entry[];
  readonly stored: Promise<StoredChunk>;
}

interface StoredChunk {
  readonly results: readonly LineResult[];
  /** False: the store could not be reached; all of the results are refusals. */
  readonly reached: boolean;
}

/**
 * Answers lines with lines, in order and in constant memory: a chunk is whatever was read while those before it
 * were being stored, and no more is read than can be stored and is taken away. The last line is a summary.
 */
export async function* bulkStream(options: BulkStreamOptions): AsyncGenerator<string> {
  const counts = { accepted: 0, replayed: 0, conflict: 0, rejected: 0 };
  const ahead = new ReadAhead(options);
  const inFlight: Chunk[] = [];
  for (;;) {
    startChunks(ahead, inFlight, options);
    const oldest = inFlight[0];
    if (!oldest && ahead.finished) break;
    const stored = await firstOf(ahead.more(), oldest?.stored);
    if (!stored) continue;
    inFlight.shift();
    if (!stored.reached) ahead.giveUp();
    for (const { outcome } of stored.results) {
      counts[outcome]++;
      options.onResult(outcome);
    }
    yield stored.results.map(lineText).join('');
  }
  yield summaryText(counts, !ahead.gaveUp && !options.cutShort());
}

function startChunks(ahead: ReadAhead, inFlight: Chunk[], options: BulkStreamOptions): void {
  while (inFlight.length < CHUNKS_IN_FLIGHT) {
    const entries = ahead.take(inFlight);
    if (!entries) return;
    inFlight.push({ entries, stored: options.turns.take(() => store(entries, options)) });
  }
}

/** Undefined when lines were read before the oldest chunk was stored. */
function firstOf(
  more: Promise<undefined> | undefined,
  stored: Promise<StoredChunk> | undefined,
): Promise<StoredChunk | undefined> {
  return Promise.race([more, stored].filter((promise) => promise !== undefined));
}

/** Reads ahead of what is being stored, as far as there is room. */
class ReadAhead {
  gaveUp = false;
  private readonly input: AsyncIterator<readonly Line[]>;
  private readonly batch: BulkBatch;
  private entries: Entry[] = [];
  private reading: Promise<undefined> | undefined;
  private ended = false;

  constructor({ lines, batch }: BulkStreamOptions) {
    this.input = lines[Symbol.asyncIterator]();
    this.batch = batch;
  }

  get finished(): boolean {
    return this.ended && this.entries.length === 0;
  }

  /** The next chunk, if there is one, and it need not wait: lines with equal keys are stored in their order. */
  take(inFlight: readonly Chunk[]): readonly Entry[] | undefined {
    if (this.entries.length === 0) return undefined;
    const chunk = this.entries.slice(0, CHUNK_LINES);
    const busy = new Set(inFlight.flatMap(({ entries }) => keysOf(entries)));
    if (keysOf(chunk).some((key) => busy.has(key))) return undefined;
    this.entries = this.entries.slice(CHUNK_LINES);
    return chunk;
  }

  /** Resolves when more lines have come in, or the last one has; undefined when none are to be read. */
  more(): Promise<undefined> | undefined {
    if (this.ended || this.entries.length >= AHEAD_LINES) return undefined;
    if (!this.reading) {
      this.reading = this.read();
      // A reader that breaks after the stream has ended is of no interest to anyone.
      this.reading.catch(() => {});
    }
    return this.reading;
  }

  /** Leaves everything that is not being stored yet. */
  giveUp(): void {
    this.entries = [];
    this.gaveUp = true;
    this.ended = true;
  }

  private async read(): Promise<undefined> {
    const next = await this.input.next();
    this.reading = undefined;
    if (this.gaveUp) return;
    if (next.done) this.ended = true;
    else this.entries.push(...next.value.map((line) => this.batch.read(line)));
  }
}

function keysOf(entries: readonly Entry[]): string[] {
  return entries.flatMap(({ submission }) => (submission?.keyed ? [submission.key] : []));
}

/** Ids are functions of batch and line, so storing may be repeated as often as need be. */
async function store(entries: readonly Entry[], options: BulkStreamOptions): Promise<StoredChunk> {
  const untilMs = performance.now() + (options.retryForMs ?? RETRY_FOR_MS);
  for (let waitMs = RETRY_WAIT_MS.first; ; waitMs = Math.min(waitMs * 2, RETRY_WAIT_MS.most)) {
    try {
      return { results: await options.batch.store(entries), reached: true };
    } catch (error) {
      options.onError(error);
      if (!options.isTransient(error)) return storeSingly(entries, error, options);
      if (performance.now() + waitMs > untilMs)
        return { results: refuseAll(entries, error, options), reached: false };
    }
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** So that one bad row does not fail the others. */
async function storeSingly(
  entries: readonly Entry[],
  error: unknown,
  options: BulkStreamOptions,
): Promise<StoredChunk> {
  if (entries.length === 1) return { results: refuseAll(entries, error, options), reached: true };
  const results: LineResult[] = [];
  for (const entry of entries) {
    const stored = await store([entry], options);
    results.push(...stored.results);
    if (!stored.reached) {
      const rest = entries.slice(results.length);
      return { results: [...results, ...refuseAll(rest, error, options)], reached: false };
    }
  }
  return { results, reached: true };
}

function refuseAll(entries: readonly Entry[], error: unknown, options: BulkStreamOptions): LineResult[] {
  const problem = options.problemOf(error);
  return entries.map(({ line, problem: own }) => ({ line, outcome: 'rejected', problem: own ?? problem }));
}

function lineText(result: LineResult): string {
  if ('id' in result) return `{"line":${result.line},"id":"${result.id}","state":"accepted"}\n`;
  return `${JSON.stringify({ line: result.line, error: problemBody(result.problem) })}\n`;
}

function summaryText(counts: Readonly<Record<LineResult['outcome'], number>>, complete: boolean): string {
  const { accepted, replayed } = counts;
  const rejected = counts.rejected + counts.conflict;
  const summary: BulkSummary = {
    lines: accepted + replayed + rejected,
    accepted,
    replayed,
    rejected,
    complete,
  };
  return `${JSON.stringify({ summary })}\n`;
}
