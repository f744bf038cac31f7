import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../wait-for-lock.ts';
import { Buildah } from './buildah.ts';
import { IMAGES } from './catalog.ts';
import type { ImageKit, ImageRecipe } from './recipe.ts';

/** An image as it is kept in the cache. */
export interface Image {
  readonly name: string;
  /** `localhost/<name>:<digest of what it is made of>` */
  readonly reference: string;
  /** Path of the archive. */
  readonly archive: string;
}

export type Images = Readonly<Record<string, Image>>;

export interface EnsureImagesOptions extends ImageKit {
  readonly recipes: readonly ImageRecipe[];
  /** Directory of the archives. */
  readonly directory: string;
  /** Runs one build, to show it. */
  readonly show?: <T>(name: string, build: () => Promise<T>) => Promise<T>;
}

/** Images by name; those that are not in the cache are built. Needs root. @throws CommandError, MavenError */
export async function ensureImages(options: EnsureImagesOptions): Promise<Images> {
  await mkdir(options.directory, { recursive: true });
  return withLock(join(options.directory, 'lock'), async () => {
    await clearAbandoned(options.directory);
    return ensureLocked(options);
  });
}

async function ensureLocked(options: EnsureImagesOptions): Promise<Images> {
  const images: Record<string, Image> = {};
  for (const recipe of options.recipes) {
    const image = await imageOf(recipe, images, options);
    images[recipe.name] = image;
    if (await exists(image.archive)) continue;
    const build = () => buildImage(recipe, image, { ...options, images });
    await (options.show?.(recipe.name, build) ?? build());
  }
  return images;
}

async function imageOf(recipe: ImageRecipe, images: Images, options: EnsureImagesOptions): Promise<Image> {
  const { name, base } = recipe;
  const parts = [process.arch, base ? images[base]!.reference : '', ...(await recipe.inputs(options))];
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
  const reference = `localhost/${name}:${digest}`;
  return { name, reference, archive: join(options.directory, `${name}-${digest}.tar`) };
}

interface BuildImageOptions extends EnsureImagesOptions {
  readonly images: Images;
}

async function buildImage(recipe: ImageRecipe, image: Image, options: BuildImageOptions): Promise<void> {
  const { directory, images } = options;
  const place = await mkdtemp(join(directory, '.tmp-'));
  const buildah = new Buildah(join(directory, 'buildah'), options.commandOptions);
  const base = recipe.base === undefined ? undefined : images[recipe.base]!;
  try {
    if (base && !(await buildah.has(base.reference))) await buildah.load(base.archive);
    const { context, file } = await recipe.prepare(join(place, 'context'), options);
    const args = base ? { BUILD_BASE: base.reference, RUN_BASE: base.reference } : {};
    await buildah.build({ context, file, reference: image.reference, args, layers: base !== undefined });
    const archive = join(place, 'archive.tar');
    await buildah.save(image.reference, archive);
    await removeOthers(image, directory);
    await rename(archive, image.archive);
    if (!isBase(recipe)) await buildah.remove(image.reference);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

const isBase = ({ name }: ImageRecipe): boolean => IMAGES.some(({ base }) => base === name);

/** What a build that was killed has left: under the lock, nobody else's. */
async function clearAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith('.tmp-')) await rm(join(directory, name), { recursive: true, force: true });
}

/** Archives of the same image as it was before. */
async function removeOthers({ name, archive }: Image, directory: string): Promise<void> {
  const earlier = new RegExp(`^${name}-[0-9a-f]{12}\\.tar$`);
  for (const file of await readdir(directory))
    if (earlier.test(file) && join(directory, file) !== archive) await rm(join(directory, file));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
