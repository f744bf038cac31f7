import type { DeclaredScaler } from '../api/parse.ts';
import type { Declaration } from './declaration.ts';
import { targetKey } from './declaration.ts';
import type { World } from './world.ts';
import { upstreamProblem } from './upstream.ts';

/** Why a StageScaler is not, or not wholly, followed. */
export interface Refusal {
  /** Reason of the condition Ready. */
  readonly reason: string;
  readonly message: string;
}

export type Admission =
  /** It is scaled. `complaint`: without what makes no sense in it. */
  | {
      readonly kind: 'admitted';
      readonly scaler: DeclaredScaler;
      readonly complaint: Refusal | undefined;
    }
  /** Its target is left alone. */
  | { readonly kind: 'refused'; readonly refusal: Refusal };

type Policy = (declaration: Declaration, scaler: DeclaredScaler, world: World) => Refusal | undefined;

/** The first that objects decides. */
const POLICIES: readonly Policy[] = [
  unknownConnection,
  ownedByAnotherAutoscaler,
  ownedByAnotherStageScaler,
  targetMissing,
];

/** Whether a StageScaler makes sense in the world it is in. */
export function admit(declaration: Declaration, world: World): Admission {
  const { parsed } = declaration;
  if (parsed.kind === 'invalid') {
    return { kind: 'refused', refusal: { reason: 'InvalidSpec', message: parsed.problems.join('; ') } };
  }
  const { scaler } = parsed;
  for (const policy of POLICIES) {
    const refusal = policy(declaration, scaler, world);
    if (refusal) return { kind: 'refused', refusal };
  }
  const problem = upstreamProblem(scaler, world);
  if (!problem) return { kind: 'admitted', scaler, complaint: undefined };
  // Load that is on its way is not seen then; its own lag still is, and is scaled by.
  const upstream = scaler.spec.upstream.filter((name) => !problem.names.has(name));
  const { reason, message } = problem;
  return {
    kind: 'admitted',
    scaler: { ...scaler, spec: { ...scaler.spec, upstream } },
    complaint: { reason, message },
  };
}

function unknownConnection(
  _declaration: Declaration,
  { lag: { connection } }: DeclaredScaler,
  { connections }: World,
): Refusal | undefined {
  if (connections.has(connection)) return undefined;
  const known = [...connections].toSorted().join(', ');
  return {
    reason: 'UnknownConnection',
    message: `spec.kafka.connection is "${connection}"; the operator's configuration has: ${known}`,
  };
}

function ownedByAnotherAutoscaler(
  { namespace }: Declaration,
  { target }: DeclaredScaler,
  world: World,
): Refusal | undefined {
  const owner = world.otherOwner(targetKey(namespace, target));
  if (!owner) return undefined;
  return {
    reason: `TargetOwnedBy${owner.kind}`,
    message:
      `${target.kind} ${target.name} is scaled by the ${owner.kind} ${owner.name}: ` +
      'two autoscalers on one target undo each other; remove one of them',
  };
}

function ownedByAnotherStageScaler(
  { key, namespace }: Declaration,
  { target }: DeclaredScaler,
  world: World,
): Refusal | undefined {
  const [oldest] = world.claimants(targetKey(namespace, target));
  if (!oldest || oldest.key === key) return undefined;
  return {
    reason: 'TargetOwnedByStageScaler',
    message: `${target.kind} ${target.name} is scaled by the older StageScaler ${oldest.name}`,
  };
}

function targetMissing(
  { namespace }: Declaration,
  { target }: DeclaredScaler,
  world: World,
): Refusal | undefined {
  if (world.targetExists(namespace, target) !== false) return undefined;
  return {
    reason: 'TargetNotFound',
    message: `there is no ${target.kind} ${target.name} in the namespace ${namespace}`,
  };
}
