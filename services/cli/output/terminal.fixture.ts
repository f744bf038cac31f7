import type { Terminal } from './terminal.ts';

/** A terminal without colours that remembers what was written, for tests. */
export function fakeTerminal(): { terminal: Terminal; out: () => string; err: () => string } {
  let out = '';
  let err = '';
  const write = (text: string): Promise<void> => {
    out += text;
    return Promise.resolve();
  };
  const terminal: Terminal = {
    columns: 100,
    interactive: false,
    print: (text) => write(`${text}\n`),
    write,
    note: (text) => {
      err += `${text}\n`;
    },
    progress: () => {},
    style: (_style, text) => text,
  };
  return { terminal, out: () => out, err: () => err };
}
