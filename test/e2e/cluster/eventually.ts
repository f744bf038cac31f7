import { until } from '../../fixtures/until.ts';

/** Each look costs a process or two. */
const INTERVAL_MS = 700;

/** As `until`, without taking the machine for it. Resolves with the first value that is there. */
export function eventually<Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  timeoutMs = 30_000,
): Promise<Value> {
  let looked = false;
  return until(
    what,
    async () => {
      if (looked) await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
      looked = true;
      return look();
    },
    timeoutMs,
  );
}
