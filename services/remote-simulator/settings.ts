import { z } from 'zod';
import { DISTRIBUTIONS } from './latency.ts';

const rate = z.number().min(0).max(1).default(0);

/** What the remote system is like. Times in ms unless named otherwise, rates between 0 and 1. */
const settingsSchema = z
  .strictObject({
    distribution: z.enum(DISTRIBUTIONS).default('constant'),
    meanMs: z.number().min(0).max(600_000).default(450),
    sdMs: z.number().min(0).max(600_000).default(0),
    jitterMs: z.number().min(0).max(600_000).default(0),
    /** Calls worked on at once; 0 is unlimited. */
    capacity: z.int().min(0).max(1_000_000).default(0),
    /** What becomes of a call beyond the capacity: it waits, or gets 503. */
    overflow: z.enum(['queue', 'refuse']).default('queue'),
    /** Calls that may wait; one more gets 503. */
    queueMax: z.int().min(0).max(1_000_000).default(10_000),
    retryAfterSeconds: z.int().min(0).max(86_400).default(1),
    /** 500, and nothing has happened. */
    errorBeforeRate: rate,
    /** 500, although the effect was taken. */
    errorAfterRate: rate,
    /** 422: understood and refused. */
    declineRate: rate,
    /** Never answers, no effect. */
    hangBeforeRate: rate,
    /** Never answers, effect taken. */
    hangAfterRate: rate,
    /** Setting it starts the sequence of random numbers again. */
    seed: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .default(1),
  })
  .refine(
    (s) =>
      s.errorBeforeRate + s.errorAfterRate + s.declineRate + s.hangBeforeRate + s.hangAfterRate <= 1 + 1e-9,
    { path: ['errorBeforeRate'], error: 'the five rates together may not exceed 1' },
  );

export type Settings = Readonly<z.infer<typeof settingsSchema>>;

/** One mistake in a change of the settings. */
export interface SettingsMistake {
  readonly field: string;
  readonly message: string;
}

/** Every mistake in the settings at once. */
export class SettingsError extends Error {
  readonly code = 'settings';
  readonly mistakes: readonly SettingsMistake[];

  constructor(mistakes: readonly SettingsMistake[]) {
    super(mistakes.map(({ field, message }) => `${field}: ${message}`).join('; '));
    this.mistakes = mistakes;
  }
}

export const DEFAULT_SETTINGS: Settings = Object.freeze(settingsSchema.parse({}));

/**
 * The settings after a change; fields that the change does not name keep their value.
 * @throws SettingsError that lists every mistake
 */
export function changeSettings(current: Settings, change: unknown): Settings {
  if (typeof change !== 'object' || change === null || Array.isArray(change))
    throw new SettingsError([{ field: '', message: 'must be a JSON object' }]);
  const parsed = settingsSchema.safeParse({ ...current, ...change });
  if (parsed.success) return Object.freeze(parsed.data);
  throw new SettingsError(
    parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((field) => ({ field, message: 'there is no such setting' }))
        : [{ field: issue.path.join('.'), message: issue.message }],
    ),
  );
}
