import { createSteps } from '../../../services/local/steps.ts';
import { USUAL_IMAGES, chooseImages } from '../images/catalog.ts';
import type { Images } from '../images/ensure-images.ts';
import { ensureImages } from '../images/ensure-images.ts';
import type { ImageKit } from '../images/recipe.ts';
import type { PrepareOptions } from '../tools/prepare-tools.ts';
import { prepareTools } from '../tools/prepare-tools.ts';
import type { NodeDirectory } from './node-directory.ts';
import { nodeDirectory } from './node-directory.ts';
import { ensureSupportedMachine } from './supported-machine.ts';

export interface PreparedNode extends ImageKit {
  readonly directory: NodeDirectory;
  readonly images: Images;
}

/**
 * Makes sure of all that a node needs: packages, tools and images; what is missing is installed or built, and shown.
 * @throws UnknownImageError, UnsupportedMachineError, GoError, CommandError, MavenError
 */
export async function prepareNode(
  options: PrepareOptions,
  imageNames: readonly string[] = USUAL_IMAGES,
): Promise<PreparedNode> {
  const { cacheDir, env, screen, signal } = options;
  const commandOptions = { env, ...(signal ? { signal } : {}) };
  const steps = createSteps(screen);
  await ensureSupportedMachine(commandOptions, (names) => screen.say(`Installing ${names.join(', ')}`));
  const recipes = chooseImages(imageNames);
  const inImages = recipes.flatMap(({ tool }) => tool ?? []);
  const tools = await prepareTools(['control-plane', 'chart', 'node', ...inImages], options);
  const kit = { cacheDir, tools, commandOptions };
  const directory = nodeDirectory(cacheDir);
  const images = await ensureImages({
    ...kit,
    recipes,
    directory: directory.images,
    show: (name, build) => steps.run(`image ${name}`, build),
  });
  return { ...kit, directory, images };
}
