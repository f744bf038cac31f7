/** How load is offered. */
export type LoadModel =
  /** Users who each send, wait for the answer and send again; they arrive evenly over `rampSeconds`. */
  | { readonly kind: 'closed'; readonly users: number; readonly rampSeconds: number }
  /** One connection with `depth` requests on their way at once (HTTP pipelining). */
  | { readonly kind: 'pipelined'; readonly depth: number }
  /** Requests at a constant rate, whether the earlier ones have been answered or not. */
  | { readonly kind: 'open'; readonly ratePerSecond: number; readonly maxInFlight: number };

export interface LoadSpec {
  readonly url: string;
  readonly model: LoadModel;
  /** The ramp included. */
  readonly seconds: number;
  readonly seed: number;
  readonly accounts: number;
  /** A fresh Idempotency-Key with every request. */
  readonly idempotent?: boolean;
}

/** What a generator saw. Latencies in ms, of answers 2xx. */
export interface LoadResult {
  readonly generator: string;
  readonly sent: number;
  readonly ok: number;
  /** Answers other than 2xx by status, and what did not end in an answer: `timeout`, `connection`. */
  readonly errors: Readonly<Record<string, number>>;
  /** Open model: requests that were due while `maxInFlight` were on their way already, and never sent. */
  readonly dropped: number;
  readonly reply: LatencySummary;
  /** CPU seconds that the generator itself used; undefined where it cannot be measured. */
  readonly cpuSeconds: number | undefined;
}

export interface LatencySummary {
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
  readonly mean: number | undefined;
}

export interface Generator {
  readonly name: string;
  /** Offers the load and resolves when it is over. */
  run(spec: LoadSpec): Promise<LoadResult>;
}

/** A request without an answer after this is an error. */
export const REQUEST_TIMEOUT_SECONDS = 60;
