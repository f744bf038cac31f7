import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';

export interface PatienceOptions {
  readonly isTransient: (error: unknown) => boolean;
  readonly attempts: number;
  readonly onRetry: (error: unknown) => void;
}

/**
 * Runs `work` again while it fails for a passing reason, with exponential backoff and jitter from 100 ms to
 * 5 s. Rejects with the last error: the caller then ends the process and leaves the rest to the platform.
 */
export function createPatience(options: PatienceOptions): <T>(work: () => Promise<T>) => Promise<T> {
  const policy = retry(handleWhen(options.isTransient), {
    maxAttempts: options.attempts,
    backoff: new ExponentialBackoff({ initialDelay: 100, maxDelay: 5_000 }),
  });
  policy.onFailure(({ handled, reason }) => {
    if (handled && 'error' in reason) options.onRetry(reason.error);
  });
  return (work) => policy.execute(work);
}
