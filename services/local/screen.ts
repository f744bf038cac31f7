import { createLogUpdate } from 'log-update';

/** Where local mode writes: lines that stay, and below them, on a terminal, a text that is updated in place. */
export interface Screen {
  readonly interactive: boolean;
  say(line: string): void;
  /** Replaces the text at the bottom; does nothing where there is no terminal. */
  live(text: string): void;
  /** Leaves the text at the bottom as it is, and starts below it. */
  settle(): void;
}

export function createScreen(out: NodeJS.WriteStream): Screen {
  const say = (line: string) => void out.write(`${line}\n`);
  if (!out.isTTY) return { interactive: false, say, live: () => {}, settle: () => {} };
  const update = createLogUpdate(out);
  let shown = '';
  return {
    interactive: true,
    say: (line) => {
      update.clear();
      say(line);
      if (shown !== '') update(shown);
    },
    live: (text) => {
      shown = text;
      if (text === '') update.clear();
      else update(text);
    },
    settle: () => {
      shown = '';
      update.done();
    },
  };
}

/** A screen that nobody looks at. */
export const darkScreen: Screen = { interactive: false, say: () => {}, live: () => {}, settle: () => {} };
