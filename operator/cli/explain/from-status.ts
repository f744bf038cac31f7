import { z } from 'zod';
import { parseStageScaler } from '../../api/parse.ts';
import { CliError } from '../cli-error.ts';
import type { ScalerDetail } from './scaler-detail.ts';
import { detailSchema } from './scaler-detail.ts';

const conditionSchema = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string(),
  message: z.string(),
});

/** What the operator has written; all of it is absent before its first look. */
const statusSchema = z.object({
  currentReplicas: z.number().optional(),
  readyReplicas: z.number().optional(),
  reason: z.string().optional(),
  lastDecision: z
    .object({
      time: z.string(),
      replicas: z.number(),
      message: z.string(),
      inputs: z.unknown(),
      alternatives: z.unknown(),
    })
    .optional(),
  conditions: z.array(conditionSchema).default([]),
});

type Status = z.infer<typeof statusSchema>;

export interface WrittenDetail {
  readonly detail: ScalerDetail;
  /** RFC 3339; undefined: nothing was decided yet. */
  readonly time: string | undefined;
}

/** The last decision as it stands in the StageScaler itself. @throws CliError when it makes no sense */
export function detailFromStatus(object: unknown): WrittenDetail {
  const parsed = parseStageScaler(object, 'cluster');
  if (parsed.kind === 'invalid') throw new CliError(parsed.problems.join('\n'));
  const { spec, lag, paused, dryRun } = parsed.scaler;
  const status = statusSchema.parse((object as { status?: unknown }).status ?? {});
  const { lastDecision, conditions, currentReplicas, readyReplicas } = status;
  const detail = detailSchema.parse({
    ...decisionOf(status),
    name: spec.name,
    mode: paused ? 'paused' : dryRun ? 'dry-run' : 'active',
    group: lag.consumerGroup,
    topics: lag.topics,
    desired: currentReplicas,
    ready: readyReplicas,
    lagKnown: conditions.some(({ type, status }) => type === 'LagKnown' && status === 'True'),
    result: 'as its status has it',
    spec,
    conditions: conditions.map((condition) => ({ ...condition, status: condition.status === 'True' })),
  });
  return { detail, time: lastDecision?.time };
}

/** Of one that is refused, or that nobody has looked at, there is no decision: then Ready tells what is wrong. */
function decisionOf({ reason, lastDecision, conditions }: Status) {
  const decision: Partial<NonNullable<Status['lastDecision']>> = lastDecision ?? {};
  const { replicas: decided, message, inputs = {}, alternatives = [] } = decision;
  const ready = conditions.find(({ type }) => type === 'Ready');
  return {
    reason: reason ?? 'the operator has not looked at it yet',
    message: message ?? ready?.message ?? 'Is an operator running that looks after this namespace?',
    decided,
    measured: inputs,
    alternatives,
  };
}
