import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a run has to show, as files of one directory, emptied first; and on the terminal, what is short. */
export class Report {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
  }

  add(name: string, text: string): void {
    writeFileSync(join(this.directory, name), text.endsWith('\n') ? text : `${text}\n`);
  }

  /** As `add`, and to the terminal as well. */
  tell(name: string, text: string): void {
    this.add(name, text);
    process.stdout.write(`\n${name}\n${text.trimEnd()}\n`);
  }
}
