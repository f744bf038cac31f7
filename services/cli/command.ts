import type { Terminal } from './output/terminal.ts';
import type { Env } from './options.ts';

/** What every command is given. */
export interface CommandContext {
  readonly env: Env;
  readonly terminal: Terminal;
  /** 0: yes, done. 1: the answer is no. 2 is what a thrown CliError says: it could not be found out. */
  exitWith(code: 0 | 1): void;
  /**
   * For a command that goes on in steps: aborted by Ctrl-C, whereupon it should stop after the present step.
   * Without this call Ctrl-C ends the process at once.
   */
  interruptible(): AbortSignal;
}
