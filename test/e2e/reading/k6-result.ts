import { z } from 'zod';

const resultSchema = z.object({
  scenario: z.string(),
  seconds: z.number(),
  passed: z.boolean(),
  /** Thresholds that do not hold. */
  broken: z.array(z.string()),
  /** Statistics by metric, and by part of it. */
  values: z.record(z.string(), z.record(z.string(), z.number())),
});
export type K6Result = z.infer<typeof resultSchema>;

const MARK = 'RESULT ';

/** What the log of a load Job says came of it. @throws Error when it says nothing */
export function readK6Result(log: string): K6Result {
  const line = log
    .split('\n')
    .filter((text) => text.startsWith(MARK))
    .at(-1);
  if (line === undefined) throw new Error(`The log of the load has no result:\n${log}`);
  return resultSchema.parse(JSON.parse(line.slice(MARK.length)));
}
