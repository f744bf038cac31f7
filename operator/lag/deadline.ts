import { ReadFailure } from './failure.ts';

/** A moment at which waiting ends, for many who wait. */
export interface Deadline {
  /** The value, if it comes in time. @throws ReadFailure(ReadTimedOut) that names what was waited for */
  race<Value>(value: Promise<Value>, what: string): Promise<Value>;
  /** Its timer is not needed any more. */
  clear(): void;
}

/** A deadline `ms` from now. */
export function deadlineIn(ms: number): Deadline {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<'passed'>((resolve) => {
    timer = setTimeout(() => resolve('passed'), ms);
  });
  return {
    race: async (value, what) => {
      value.catch(() => {});
      const first = await Promise.race([value.then((given) => ({ given })), passed]);
      if (first === 'passed') throw new ReadFailure('ReadTimedOut', `${what}: no answer within ${ms} ms`);
      return first.given;
    },
    clear: () => clearTimeout(timer),
  };
}
