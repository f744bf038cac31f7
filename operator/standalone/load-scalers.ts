import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { DeclaredScaler } from '../api/parse.ts';
import { parseStageScaler } from '../api/parse.ts';
import { ConfigError } from '../config/config-error.ts';

/**
 * Every StageScaler in the `*.yaml` files of a directory, in order of the file names; a file may hold several.
 * @throws ConfigError that lists every mistake in all files
 */
export async function loadScalers(
  directory: string,
  connections: readonly string[],
): Promise<DeclaredScaler[]> {
  const mistakes: string[] = [];
  const scalers: DeclaredScaler[] = [];
  const names = await readdir(directory).catch(() => {
    throw new ConfigError(directory, ['the directory cannot be read']);
  });
  for (const name of names.filter((file) => /\.ya?ml$/.test(file)).toSorted()) {
    for (const raw of parseFile(await readFile(join(directory, name), 'utf8'), name, mistakes)) {
      const parsed = parseStageScaler(raw, 'file');
      if (parsed.kind === 'valid') scalers.push(parsed.scaler);
      else mistakes.push(...parsed.problems.map((problem) => `${name}: ${problem}`));
    }
  }
  mistakes.push(...contradictions(scalers, connections));
  if (mistakes.length === 0 && scalers.length === 0) mistakes.push('there is no StageScaler in it');
  if (mistakes.length > 0) throw new ConfigError(directory, mistakes);
  return scalers;
}

function parseFile(text: string, name: string, mistakes: string[]): unknown[] {
  const documents = parseAllDocuments(text);
  return documents.flatMap((document) => {
    mistakes.push(...document.errors.map((error) => `${name}: ${error.message.split('\n')[0]}`));
    const value: unknown = document.errors.length === 0 ? document.toJS() : null;
    return value === null ? [] : [value];
  });
}

/** What is right in each file, and wrong in all of them together. */
function contradictions(scalers: readonly DeclaredScaler[], connections: readonly string[]): string[] {
  const names = new Set(scalers.map(({ spec }) => spec.name));
  return [
    ...twice(scalers, ({ spec }) => spec.name, 'two StageScalers are named'),
    ...twice(scalers, ({ target }) => `${target.kind} ${target.name}`, 'two StageScalers scale'),
    ...scalers.flatMap(({ spec, lag, target }) => {
      const lines: string[] = [];
      if (target.kind !== 'Http')
        lines.push(`spec.scaleTargetRef.kind is ${target.kind}: outside of Kubernetes it must be Http`);
      if (!connections.includes(lag.connection))
        lines.push(`spec.kafka.connection is "${lag.connection}": there is ${connections.join(', ')}`);
      for (const upstream of spec.upstream)
        if (!names.has(upstream)) lines.push(`spec.upstream names ${upstream}, which there is not`);
      const cycle = cycleFrom(spec.name, scalers);
      if (cycle) lines.push(`spec.upstream is a circle: ${cycle.join(' < ')}`);
      return lines.map((line) => `${spec.name}: ${line}`);
    }),
  ];
}

function twice(
  scalers: readonly DeclaredScaler[],
  key: (scaler: DeclaredScaler) => string,
  what: string,
): string[] {
  return [...Map.groupBy(scalers, key)].flatMap(([name, some]) =>
    some.length > 1 ? [`${what} ${name}`] : [],
  );
}

/** The way from a scaler up its streams and back to itself. */
function cycleFrom(name: string, scalers: readonly DeclaredScaler[]): string[] | undefined {
  const upstreams = new Map(scalers.map(({ spec }) => [spec.name, spec.upstream]));
  const walk = (at: string, path: readonly string[]): string[] | undefined => {
    for (const next of upstreams.get(at) ?? []) {
      if (next === name) return [...path, next];
      const found = path.includes(next) ? undefined : walk(next, [...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(name, [name]);
}
