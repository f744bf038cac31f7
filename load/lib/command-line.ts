import type { ParseArgsOptionsConfig } from 'node:util';
import { parseArgs } from 'node:util';

/** Mistakes on the command line, all of them. */
export class UsageError extends Error {
  readonly code = 'config';
}

/** An option with a value, which is text. */
export const string = { type: 'string' } as const;
export const flag = { type: 'boolean', default: false } as const;
export const stringOr = <Default extends string>(value: Default) =>
  ({ type: 'string', default: value }) as const;

/** The options by their names. @throws UsageError for one that does not exist, or lacks its value */
export function readArgs<const Config extends ParseArgsOptionsConfig>(
  args: readonly string[],
  options: Config,
) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Gathers what is wrong with the values of options, so that it can be told at once. */
export class Mistakes {
  private readonly found: string[] = [];

  add(mistake: string): void {
    this.found.push(mistake);
  }

  /** NaN, or the number although it is out of bounds, where it is a mistake. */
  number(option: string, text: string, [min, max]: readonly [number, number]): number {
    const value = Number(text);
    if (!(value >= min && value <= max)) this.add(`--${option} must be a number from ${min} to ${max}`);
    return value;
  }

  /** The value, whatever it is: where it is none of the list that is a mistake. */
  oneOf<Name extends string>(option: string, text: string, known: readonly Name[]): Name {
    if (!isOneOf(known, text)) this.add(`--${option} must be one of ${known.join(', ')}`);
    return text as Name;
  }

  /** As `number`, and whole. */
  integer(option: string, text: string, bounds: readonly [number, number]): number {
    const value = this.number(option, text, bounds);
    if (!Number.isNaN(value) && !Number.isInteger(value)) this.add(`--${option} must be a whole number`);
    return value;
  }

  /** Names with commas between them, those that are not known left out. `noun`: what they are names of. */
  listOf<Name extends string>(option: string, text: string, known: readonly Name[], noun = ''): Name[] {
    const names = text.split(',');
    for (const name of names)
      if (!isOneOf(known, name))
        this.add(`--${option}: there is no ${[noun, name].join(' ').trim()}, but ${known.join(', ')}`);
    return names.filter((name): name is Name => isOneOf(known, name));
  }

  /** As `listOf`, each once, in the order in which they are known. */
  setOf<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
    const names = this.listOf(option, text, known);
    if (new Set(names).size < names.length) this.add(`--${option} names something twice`);
    return known.filter((name) => names.includes(name));
  }

  /** @throws UsageError where there is any */
  end(): void {
    if (this.found.length > 0) throw new UsageError(this.found.join('\n'));
  }
}

function isOneOf<Name extends string>(known: readonly Name[], text: string): text is Name {
  return (known as readonly string[]).includes(text);
}
