import type { Screen } from './screen.ts';

/** Tells the user what start-up is doing. */
export interface Steps {
  /** One step: `work` may report progress; `done` says what to add to its last line. */
  run<T>(
    title: string,
    work: (progress: (text: string) => void) => Promise<T>,
    done?: (result: T) => string,
  ): Promise<T>;
}

const REDRAW_MS = 200;
const PLAIN_PROGRESS_MS = 2_000;

interface Running {
  readonly title: string;
  readonly startedMs: number;
  text: string;
  toldMs: number;
}

/** Each step ends as one line with the time it took. Meanwhile a terminal shows those that run. */
export function createSteps(screen: Screen): Steps {
  const running = new Set<Running>();
  let timer: NodeJS.Timeout | undefined;
  const draw = () => screen.live([...running].map((step) => line(step, step.text)).join('\n'));
  const begin = (step: Running) => {
    running.add(step);
    if (screen.interactive) timer ??= setInterval(draw, REDRAW_MS);
    draw();
  };
  const end = (step: Running, text: string) => {
    running.delete(step);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    draw();
    screen.say(line(step, text));
  };
  const progress = (step: Running, text: string) => {
    step.text = text;
    if (screen.interactive || performance.now() - step.toldMs < PLAIN_PROGRESS_MS) return;
    step.toldMs = performance.now();
    screen.say(line(step, `${text} ...`));
  };
  return {
    run: async (title, work, done) => {
      const now = performance.now();
      const step: Running = { title, startedMs: now, text: '...', toldMs: now };
      begin(step);
      try {
        const result = await work((text) => progress(step, text));
        end(step, done?.(result) ?? '');
        return result;
      } catch (error) {
        end(step, error instanceof Error && error.name === 'AbortError' ? 'interrupted' : 'failed');
        throw error;
      }
    },
  };
}

function line({ title, startedMs }: Running, text: string): string {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6);
  return `${seconds} s  ${title.padEnd(10)} ${text}`.trimEnd();
}
