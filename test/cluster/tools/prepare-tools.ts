import type { Screen } from '../../../services/local/screen.ts';
import { createSteps } from '../../../services/local/steps.ts';
import { chooseTools } from './catalog.ts';
import type { Tool } from './catalog.ts';
import { ensureTools } from './ensure-tools.ts';
import { requireGo } from './go-toolchain.ts';
import { clusterCache, isBuilt } from './tool-path.ts';

export interface PrepareOptions {
  /** The project's cache. */
  readonly cacheDir: string;
  readonly env: NodeJS.ProcessEnv;
  readonly screen: Screen;
  readonly signal?: AbortSignal;
}

/** Without a terminal, a line of progress this often is enough. */
const PLAIN_PROGRESS_MS = 10_000;

/** Paths of tools by name; shows the building of those that are missing. @throws UnknownToolError, GoError */
export async function prepareTools(
  names: readonly string[],
  options: PrepareOptions,
): Promise<Readonly<Record<string, string>>> {
  const { screen, env, signal } = options;
  const cache = clusterCache(options.cacheDir);
  const common = { cache, env, ...(signal ? { signal } : {}) };
  const steps = createSteps(screen);
  const missing: Tool[] = [];
  for (const tool of chooseTools(names)) if (!(await isBuilt(cache, tool))) missing.push(tool);
  const versions = missing.map(({ module }) => module.go).sort(byVersion);
  if (versions.length > 0) await requireGo(versions.at(-1)!, env);
  for (const tool of missing) {
    await steps.run(tool.name, (progress) => {
      const tell = screen.interactive ? progress : atMostEvery(PLAIN_PROGRESS_MS, progress);
      return ensureTools([tool.name], { ...common, onProgress: (_tool, text) => tell(text) });
    });
  }
  return ensureTools(names, common);
}

const byVersion = new Intl.Collator('en', { numeric: true }).compare;

function atMostEvery(ms: number, tell: (text: string) => void): (text: string) => void {
  let toldMs = performance.now();
  return (text) => {
    if (performance.now() - toldMs < ms) return;
    toldMs = performance.now();
    tell(text);
  };
}
