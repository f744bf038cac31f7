import { z } from 'zod';

const number = z.number().optional();

/** One scaler as `GET /scalers` of the operator shows it. What is absent is not known. */
const scalerSchema = z.object({
  name: z.string(),
  mode: z.string(),
  objectiveSeconds: z.number(),
  desired: number,
  ready: number,
  decided: number,
  lagKnown: z.boolean(),
  measured: z.object({
    lagRecords: number,
    ageSeconds: number,
    arrivalPerSecond: number,
    capacityPerReplica: number,
  }),
  reason: z.string(),
  message: z.string(),
  result: z.string(),
});
export type ScalerState = z.infer<typeof scalerSchema>;

const TIMEOUT_MS = 1_000;

/** What the operator has last decided. Rejects when it does not answer. */
export async function readScalers(operatorUrl: string): Promise<ScalerState[]> {
  const response = await fetch(`${operatorUrl}/scalers`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return z.array(scalerSchema).parse(await response.json());
}
