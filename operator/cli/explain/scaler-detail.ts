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

/** The operator knows no such scaler. */
export class UnknownScalerError extends CliError {}
/** Nobody answers there. */
export class NoOperatorError extends CliError {}

/** Asks a running operator for what it has last decided. @throws CliError */
export async function fetchDetail(operatorUrl: string, name: string): Promise<ScalerDetail> {
  const url = `${operatorUrl.replace(/\/$/, '')}/scalers/${encodeURIComponent(name)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: unknown) => {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new NoOperatorError(`No operator answers at ${operatorUrl}: ${cause}.`);
  });
  return parseDetail(response.status, await response.text(), url);
}

/** Reads an answer of the operator. @throws CliError in the operator's words where it is a refusal */
export function parseDetail(status: number, text: string, where: string): ScalerDetail {
  const body = parseJson(text);
  if (status !== 200) {
    const problem = problemSchema.safeParse(body);
    const words = problem.success ? problem.data.detail : `${where} answers ${status}.`;
    throw status === 404 ? new UnknownScalerError(words) : new CliError(words);
  }
  const parsed = detailSchema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(`${where} answers with something that is no scaler: ${parsed.error.message}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
