import { parseLocalConfig } from '../../services/local/config.ts';
import { createScreen } from '../../services/local/screen.ts';
import { prepareTools } from '../cluster/tools/prepare-tools.ts';

/** Builds helm, kubeconform and promtool where the cache does not have them. */
export async function setup(): Promise<void> {
  const { cacheDir } = parseLocalConfig(process.env);
  const screen = createScreen(process.stdout);
  await prepareTools(['chart'], { cacheDir, env: process.env, screen });
  screen.settle();
}
