import { z } from 'zod';

/** What the load driver is told, as JSON in its first argument. */
export const loadPlanSchema = z.object({
  url: z.string(),
  users: z.number(),
  /** Requests per second in all; 0: as many as the users can. */
  ratePerSecond: z.number(),
  seconds: z.number(),
  /** Transaction types, sent in turn. */
  types: z.array(z.string()),
  accounts: z.number(),
});
export type LoadPlan = z.infer<typeof loadPlanSchema>;

/** Latencies of the answers 2xx, in ms. */
const latencySchema = z.object({ p50Ms: z.number().nullable(), p99Ms: z.number().nullable() });
export type Latency = z.infer<typeof latencySchema>;

const countsSchema = z.object({
  /** Answers 2xx. */
  succeeded: z.number(),
  /** Answers 503: the API refused the work. */
  refused: z.number(),
  /** Answers 422: worked on and rejected, which is an end as good as another for the synchronous twin. */
  rejected: z.number(),
  /** Any other answer, and connections that broke or timed out. */
  failed: z.number(),
});

/** What the load driver reports: as it begins, twice a second, and at its end. */
export const loadReportSchema = z.object({
  kind: z.enum(['progress', 'end']),
  elapsedSeconds: z.number(),
  /** Since the start. */
  total: countsSchema.extend({ latency: latencySchema }),
  /** Since the last report. */
  latest: latencySchema,
});
export type LoadReport = z.infer<typeof loadReportSchema>;
