import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where a command writes. Results go to stdout, progress and warnings to stderr. */
export interface Terminal {
  /** Characters that fit into a line. */
  readonly columns: number;
  /** Whether somebody is watching stderr. */
  readonly interactive: boolean;
  /** Writes text and a line feed to stdout; resolves when there is room for more. */
  print(text: string): Promise<void>;
  /** Writes to stdout as it is; resolves when there is room for more. */
  write(text: string): Promise<void>;
  /** Writes text and a line feed to stderr. */
  note(text: string): void;
  /** Replaces the last line of stderr; for progress on an interactive terminal only. */
  progress(text: string): void;
  /** Styled where stdout is a terminal that shows colours, else unchanged. */
  style(style: Style, text: string): string;
}

export interface TerminalStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

const COLUMNS = 100;

export function createTerminal({ stdout, stderr }: TerminalStreams): Terminal {
  const write = (text: string): Promise<void> =>
    new Promise((resolve) => {
      if (stdout.write(text)) resolve();
      else stdout.once('drain', resolve);
    });
  return {
    columns: COLUMNS,
    interactive: stderr.isTTY,
    print: (text) => write(`${text}\n`),
    write,
    note: (text) => void stderr.write(`${text}\n`),
    progress: (text) => {
      if (stderr.isTTY) stderr.write(`\r\u001b[K${text}`);
    },
    style: (style, text) => styleText(style, text, { stream: stdout }),
  };
}
