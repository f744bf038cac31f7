/**
 * Manual spans for what no instrumentation gets right: one trace per transaction, through the outbox, Kafka and
 * every stage. With tracing off nothing is recorded, and each span hands on the traceparent it was given.
 *
 * Glossary
 *   traceparent  W3C header that names a trace and the span to continue from; 55 characters
 *   request      one HTTP request that the API or the remote simulator answers
 *   send         one outbox row written to Kafka by the relay
 *   process      one message worked on by a stage
 *   call         one request to the remote system
 *   batch        one statement or request that served many of these: a trace of its own, linked both ways
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { registered } from './registration.ts';
import type {
  BatchOptions,
  BatchSpan,
  CallOptions,
  CallSpan,
  ProcessOptions,
  ProcessSpan,
  RequestTrace,
  SendOptions,
  SendSpan,
} from './span-types.ts';

export type * from './span-types.ts';
export { tracingEnabled } from './registration.ts';

/** A span for one outbox row that goes to Kafka; its `traceparent` belongs into the message's headers. */
export function startSend(options: SendOptions): SendSpan {
  return registered()?.recorder.send(options) ?? new PassThrough(options.traceparent);
}

/** A span for one message that a stage works on; its `traceparent` belongs into the events that come of it. */
export function startProcess(options: ProcessOptions): ProcessSpan {
  return registered()?.recorder.process(options) ?? new PassThrough(options.traceparent ?? newTraceparent());
}

/** A span for one request to the remote system; its `traceparent` belongs into the request's headers. */
export function startCall(options: CallOptions): CallSpan {
  return registered()?.recorder.call(options) ?? new PassThrough(options.traceparent);
}

/** A span for work that serves many transactions, such as one statement or one request to Kafka. */
export function startBatch(name: string, options: BatchOptions): BatchSpan {
  return registered()?.recorder.batch(name, options) ?? NO_BATCH;
}

/**
 * Runs `work` in a batch span, and ends it. Besides, this is what keeps batches apart: work that one caller starts
 * on behalf of many others would otherwise be recorded in the trace of that one.
 */
export async function runBatch<Result>(
  name: string,
  options: BatchOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  if (!registered()) return work();
  const batch = startBatch(name, options);
  try {
    const result = await batch.run(work);
    batch.end();
    return result;
  } catch (error) {
    batch.end(error);
    throw error;
  }
}

/**
 * For the many things that one request brings, such as the lines of a bulk submission: each call of what is
 * returned begins a trace, linked to that request, and gives the traceparent to carry on. Undefined while tracing is off.
 */
export function traceBeginnings(name: string): (() => string) | undefined {
  return registered()?.recorder.beginnings(name);
}

/** What of an HTTP request and of its answer a span tells; node:http's own fit. */
interface Exchange {
  readonly request: Pick<IncomingMessage, 'method' | 'url' | 'headers'>;
  readonly response: { readonly statusCode: number; once(event: 'close', listener: () => void): unknown };
  /** The pattern that the path has matched; asked when the answer has been sent. */
  readonly route: () => string | undefined;
}

/** A span for one request, which ends with its response and continues the trace of the client. */
export function traceRequest({ request, response, route }: Exchange): RequestTrace {
  const recorder = registered()?.recorder;
  if (!recorder) return NO_REQUEST;
  const { method = '', url = '', headers } = request;
  const span = recorder.request({ method, path: url.split('?', 1)[0]!, headers });
  if (span.isRecorded) response.once('close', () => span.end(response.statusCode, route()));
  return span;
}

/** Runs work that goes on for everybody, such as a poll, in the trace of none: not in that of who set it off. */
export function untraced<Result>(work: () => Result): Result {
  const registration = registered();
  return registration ? registration.recorder.untraced(work) : work();
}

/** The traceparent of the request or batch that is recorded here; undefined where none is, as always with tracing off. */
export function currentTraceparent(): string | undefined {
  return registered()?.recorder.current();
}

/** What is returned while tracing is off: no more than the traceparent it was given. */
class PassThrough implements SendSpan, ProcessSpan, CallSpan {
  readonly traceparent: string;
  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }
  end(): void {}
}

const NO_REQUEST: RequestTrace = { traceparent: undefined, run: (work) => work() };
const NO_BATCH: BatchSpan = { spanContext: undefined, link() {}, run: (work) => work(), end() {} };

/** Unsampled: for a message that came without one while tracing is off. */
function newTraceparent(): string {
  const hex = randomBytes(24).toString('hex');
  return `00-${hex.slice(0, 32)}-${hex.slice(32)}-00`;
}
