import type { SpanRecorder } from './span-types.ts';

/** The tracing of this process, once `register.ts` has started it. */
export interface Registration {
  readonly recorder: SpanRecorder;
  /** Sends what is still queued and stops. */
  shutdown(): Promise<void>;
}

// Tracing is global by nature (it patches modules while they load), and so is the fact that it is on.
let registration: Registration | undefined;

/** Called by `register.ts`, once; tests take it back with undefined. */
export function setRegistration(value: Registration | undefined): void {
  registration = value;
}

/** The tracing of this process; undefined while it is off. */
export function registered(): Registration | undefined {
  return registration;
}

/** Whether this process records spans. */
export function tracingEnabled(): boolean {
  return registration !== undefined;
}

/** Sends the spans that are still queued; gives up after `timeoutMs`. Never rejects. */
export async function flushTracing(timeoutMs = 2_000): Promise<void> {
  if (!registration) return;
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
  });
  // With a dead endpoint the exporter retries for several seconds, then rejects: neither may delay an exit.
  await Promise.race([registration.shutdown().catch(() => undefined), timeout]);
  clearTimeout(timer);
}
