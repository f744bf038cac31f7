import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandOptions } from '../command.ts';
import { digestOf } from './build-context.ts';

/** What the making of images needs. */
export interface ImageKit {
  /** The project's cache, absolute. */
  readonly cacheDir: string;
  /** Paths of tools, by name. */
  readonly tools: Readonly<Record<string, string>>;
  readonly commandOptions: CommandOptions;
}

export interface BuildPlace {
  /** Directory that the build may copy from. */
  readonly context: string;
  /** Path of the Containerfile. */
  readonly file: string;
}

/** An image that a node of our own runs. */
export interface ImageRecipe {
  readonly name: string;
  /** Name of the image that it is built on. */
  readonly base?: string;
  /** Name of the tool that is in it. */
  readonly tool?: string;
  /** What it is made of beside its base, as text: another text is another image. */
  readonly inputs: (kit: ImageKit) => Promise<readonly string[]>;
  /** Makes what it is made of ready; `directory`, which is not there yet, may be used. */
  readonly prepare: (directory: string, kit: ImageKit) => Promise<BuildPlace>;
}

export interface StandIn {
  readonly name: string;
  readonly tool?: string;
  /** Beside the files of its folder. */
  readonly inputs?: (kit: ImageKit) => Promise<readonly string[]>;
  /** Adds what its Containerfile copies beside the files of its folder. */
  readonly gather: (directory: string, kit: ImageKit) => Promise<void>;
}

/** An image in place of a public one, built by the Containerfile in the folder of its name. */
export function standIn({ inputs, gather, ...names }: StandIn): ImageRecipe {
  const folder = join(import.meta.dirname, names.name);
  return {
    ...names,
    inputs: async (kit) => [
      await digestOf(folder, (await readdir(folder)).sort()),
      ...((await inputs?.(kit)) ?? []),
    ],
    prepare: async (directory, kit) => {
      await cp(folder, directory, { recursive: true });
      await gather(directory, kit);
      return { context: directory, file: join(directory, 'Containerfile') };
    },
  };
}
