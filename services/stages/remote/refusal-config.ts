import { z } from 'zod';

const WEEK_MS = 7 * 86_400_000;

/** How a remote is treated that is merely full. Times in ms. */
export const refusalConfig = {
  /** For which it may refuse the calls of a transaction before they count as attempts; a deadline takes its place. */
  REMOTE_REFUSED_MAX_MS: z
    .string()
    .regex(/^\d+$/, 'must be an integer')
    .transform(Number)
    .pipe(z.number().max(WEEK_MS))
    .default(3_600_000),
};
