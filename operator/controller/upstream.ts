import type { DeclaredScaler } from '../api/parse.ts';
import type { Refusal } from './admission.ts';
import type { World } from './world.ts';

export interface UpstreamProblem extends Refusal {
  /** Which of `upstream` are not followed. */
  readonly names: ReadonlySet<string>;
}

/** What makes no sense in `spec.upstream`: names that do not exist, circles, the same stage twice. */
export function upstreamProblem(scaler: DeclaredScaler, world: World): UpstreamProblem | undefined {
  const problems = [missing, contradictory, cyclic].flatMap((find) => find(scaler, world) ?? []);
  const [first] = problems;
  if (!first) return undefined;
  return {
    reason: first.reason,
    message: problems.map(({ message }) => message).join('; '),
    names: problems.reduce((all, { names }) => all.union(names), new Set<string>()),
  };
}

function missing({ spec }: DeclaredScaler, world: World): UpstreamProblem | undefined {
  const names = spec.upstream.filter((name) => !world.declaration(name));
  if (names.length === 0) return undefined;
  const message = `spec.upstream names ${listed(names)}, which there is not: that part is not followed`;
  return { reason: 'UpstreamNotFound', message, names: new Set(names) };
}

/** A stage cannot be before itself, under whatever name. */
function contradictory({ spec, lag }: DeclaredScaler, world: World): UpstreamProblem | undefined {
  const names = spec.upstream.filter((name) => {
    const other = valid(name, world)?.lag;
    return other?.consumerGroup === lag.consumerGroup && other.connection === lag.connection;
  });
  if (names.length === 0) return undefined;
  const message = `spec.upstream names ${listed(names)}, which reads by the same consumer group: that part is not followed`;
  return { reason: 'UpstreamContradictory', message, names: new Set(names) };
}

function cyclic({ spec }: DeclaredScaler, world: World): UpstreamProblem | undefined {
  const names = new Set<string>();
  let shown: readonly string[] = [];
  for (const name of spec.upstream) {
    const path = pathTo(spec.name, name, world);
    if (!path) continue;
    names.add(name);
    if (shown.length === 0) shown = [spec.name, ...path];
  }
  if (names.size === 0) return undefined;
  const circle = shown.map(bare).join(' ← ');
  const message = `spec.upstream goes in a circle (${circle}): that part is not followed`;
  return { reason: 'UpstreamCyclic', message, names };
}

/** Names from `from` to `goal` along upstream; undefined: there is no way. */
function pathTo(goal: string, from: string, world: World): readonly string[] | undefined {
  const cameFrom = new Map<string, string | undefined>([[from, undefined]]);
  const toVisit = [from];
  for (let name = toVisit.shift(); name !== undefined; name = toVisit.shift()) {
    if (name === goal) return pathBack(name, cameFrom);
    for (const next of valid(name, world)?.spec.upstream ?? []) {
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, name);
      toVisit.push(next);
    }
  }
  return undefined;
}

function pathBack(end: string, cameFrom: ReadonlyMap<string, string | undefined>): string[] {
  const path: string[] = [];
  for (let name: string | undefined = end; name !== undefined; name = cameFrom.get(name)) path.unshift(name);
  return path;
}

function valid(name: string, world: World): DeclaredScaler | undefined {
  const parsed = world.declaration(name)?.parsed;
  return parsed?.kind === 'valid' ? parsed.scaler : undefined;
}

const bare = (name: string): string => name.slice(name.indexOf('/') + 1);
const listed = (names: readonly string[]): string => names.map(bare).join(', ');
