/** A signal has asked for the end: no defect, and nothing to see in a stack. */
export class InterruptedError extends Error {
  readonly code = 'interrupted';
}

export interface Interruption {
  /** Aborted at the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Rejects then with InterruptedError; never resolves. */
  readonly happened: Promise<never>;
}

/** Listens from now on. A main.ts calls it once. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  // Whoever does not wait for it need not handle it.
  promise.catch(() => undefined);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => {
      controller.abort();
      reject(new InterruptedError(`Interrupted by ${name}.`));
    });
  return { signal: controller.signal, happened: promise };
}

const EXIT_CONFIG = 2;
const EXIT_INTERRUPTED = 130;

/** The exit code for an error, and what to tell the user of it: a stack only where it may be a defect. */
export function explain(
  error: unknown,
  inspect: (value: unknown) => string,
): { exitCode: number; text: string } {
  if (!(error instanceof Error) || !('code' in error)) return { exitCode: 1, text: inspect(error) };
  if (error.code === 'config') return { exitCode: EXIT_CONFIG, text: error.message };
  if (error instanceof InterruptedError) return { exitCode: EXIT_INTERRUPTED, text: error.message };
  return { exitCode: 1, text: inspect(error) };
}
