import { z } from 'zod';
import { ConfigError, parseConfig } from '../config.ts';
import { CliError } from './errors.ts';

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** 500ms, 30s, 2m, 1h, 7d; ms as a number. */
export const duration = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,3})?(ms|s|m|h|d)$/, 'must be a time such as 500ms, 30s, 2m, 1h or 7d')
  .transform((text) => {
    const unit = /[a-z]+$/.exec(text)![0];
    return Number(text.slice(0, -unit.length)) * UNITS_MS[unit]!;
  });

/** 50/s or 600/m; per second as a number. */
export const rate = z
  .string()
  .regex(/^[1-9]\d{0,6}\/(s|m)$/, 'must be a rate such as 50/s or 600/m')
  .transform((text) => Number(text.slice(0, -2)) / (text.endsWith('m') ? 60 : 1));

export const count = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));

export const flag = z.boolean().default(false);

/** Id of a dead letter: a positive bigint, kept as text. */
export const letterId = z
  .string()
  .regex(/^[1-9]\d{0,17}$/, 'must be the number of a dead letter, as `sluice dlq list` shows it');

export type Env = Readonly<Record<string, string | undefined>>;
type Parsed<Shape extends z.ZodRawShape> = Readonly<z.infer<z.ZodObject<Shape>>>;

export interface CommandInput<Options extends z.ZodRawShape, Config extends z.ZodRawShape> {
  readonly options: Options;
  /** As commander has read them. */
  readonly given: Readonly<Record<string, unknown>>;
  readonly config: Config;
  readonly env: Env;
  /** Mistakes that lie in a combination of options. */
  readonly rules?: (given: Readonly<Record<string, unknown>>) => readonly string[];
}

/**
 * Options and environment of a command, checked together.
 * @throws CliError (exit code 2) that lists every mistake in both
 */
export function readInput<Options extends z.ZodRawShape, Config extends z.ZodRawShape>(
  input: CommandInput<Options, Config>,
): { options: Parsed<Options>; config: Parsed<Config> } {
  const parsed = z.object(input.options).safeParse(input.given);
  const mistakes = [
    ...(input.rules?.(input.given) ?? []),
    ...(parsed.error?.issues ?? []).map((issue) => describe(issue, input.given)),
  ];
  const [config, configMessage] = attempt(() => parseConfig(input.config, input.env));
  if (parsed.success && config && mistakes.length === 0) return { options: parsed.data, config };
  const heading = `The command line has ${mistakes.length} mistake(s):\n  ${mistakes.join('\n  ')}`;
  throw new CliError(
    2,
    [mistakes.length > 0 ? heading : '', configMessage].filter((text) => text !== '').join('\n'),
  );
}

function attempt<Value>(parse: () => Value): [Value, ''] | [undefined, string] {
  try {
    return [parse(), ''];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [undefined, error.message];
  }
}

function describe(issue: z.core.$ZodIssue, given: Readonly<Record<string, unknown>>): string {
  const [name, index] = issue.path;
  // An argument is named as the usage shows it: <id>.
  const dashed = String(name).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const option = dashed.startsWith('<') ? dashed : `--${dashed}`;
  const value = given[String(name)];
  const got = Array.isArray(value) && typeof index === 'number' ? value[index] : value;
  return got === undefined ? `${option} is missing` : `${option} ${JSON.stringify(got)} ${issue.message}`;
}
