import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawCharts } from './charts.ts';
import { writeMarkdown } from './markdown.ts';
import type { DuelReport } from './report-data.ts';

/** Writes report.json, and from it report.md and the pictures. Returns the paths. */
export async function writeReport(directory: string, report: DuelReport): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const files = {
    'report.json': `${JSON.stringify(report, null, 1)}\n`,
    'report.md': writeMarkdown(report),
    ...drawCharts(report),
  };
  const paths = Object.entries(files).map(([name, text]) => ({ path: join(directory, name), text }));
  await Promise.all(paths.map(({ path, text }) => writeFile(path, text)));
  return paths.map(({ path }) => path);
}

/** @throws Error when the file is no report of this version */
export async function readReport(file: string): Promise<DuelReport> {
  const report = JSON.parse(await readFile(file, 'utf8')) as DuelReport;
  if (report.format !== 1) throw new Error(`${file} is not a report.json of a duel.`);
  return report;
}
