import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawTrace } from '../../../operator/simulation/report/trace-chart.ts';
import type { Sample } from './scaling-record.ts';
import { courseOf } from './scaling-record.ts';

/** What a run has to show, as files of one directory; and on the terminal, what is short. */
export class Report {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
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

  /** Load, replicas, lag and age of one stage. */
  draw(name: string, title: string, samples: readonly Sample[], objectiveSeconds: number): void {
    const line = {
      controller: 'sluice',
      label: 'as kubectl get stagescalers tells it',
      course: courseOf(samples),
    };
    this.add(name, drawTrace({ title, subtitle: '', objectiveSeconds, lines: [line] }));
  }
}
