import type { LocalOptions } from '../options.ts';
import type { Screen } from '../screen.ts';
import type { Stack } from '../stack.ts';

export interface DemoOptions {
  readonly stack: Stack;
  readonly options: LocalOptions;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly cwd: string;
}

export async function runDemo(_options: DemoOptions): Promise<number> {
  return 0;
}
