import { z } from 'zod';
import { CliError } from '../cli-error.ts';

const number = z.number().optional();

/** `GET /scalers/:name`: operator/loop/status-view.ts. What is absent is not known. */
export const detailSchema = z.object({
  name: z.string(),
  mode: z.enum(['active', 'paused', 'dry-run']),
  group: z.string(),
  topics: z.array(z.string()),
  desired: number,
  ready: number,
  decided: number,
  lagKnown: z.boolean(),
  reason: z.string(),
  message: z.string(),
  result: z.string(),
  error: z.string().optional(),
  groupState: z.string().optional(),
  members: number,
  spec: z.object({
    maxAgeSeconds: z.number(),
    minReplicas: z.number(),
    maxReplicas: z.number(),
    profile: z.enum(['cost', 'balanced', 'stable']),
    idleSeconds: z.number(),
    upstream: z.array(z.string()),
    fallback: z.object({ replicas: z.number(), afterSeconds: z.number() }).optional(),
  }),
  measured: z.object({
    lagRecords: number,
    ageSeconds: number,
    arrivalPerSecond: number,
    plannedPerSecond: number,
    capacityPerReplica: number,
    capacitySource: z.string().optional(),
    utilization: number,
    coldStartSeconds: number,
    rebalanceSeconds: number,
    rebalances: number,
    partitions: number,
  }),
  alternatives: z.array(z.object({ replicas: z.number(), verdict: z.string(), why: z.string() })),
  conditions: z.array(
    z.object({ type: z.string(), status: z.boolean(), reason: z.string(), message: z.string() }),
  ),
});
export type ScalerDetail = z.infer<typeof detailSchema>;

const problemSchema = z.object({ detail: z.string() });
const TIMEOUT_MS = 5_000;

/** Asks a running operator for what it has last decided. @throws CliError */
export async function fetchDetail(operatorUrl: string, name: string): Promise<ScalerDetail> {
  const url = `${operatorUrl.replace(/\/$/, '')}/scalers/${encodeURIComponent(name)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) => {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new CliError(
      `The operator at ${operatorUrl} (SLUICE_OPERATOR_URL) does not answer: ${cause}\nnpm start runs one; ` +
        'in a cluster: kubectl port-forward to its status port, or kubectl describe stagescaler.',
    );
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) {
    const problem = problemSchema.safeParse(body);
    throw new CliError(problem.success ? problem.data.detail : `${url} answers ${response.status}.`);
  }
  const parsed = detailSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(`${url} answers with something that is no scaler: ${parsed.error.message}`);
}
