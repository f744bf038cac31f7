import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeMarkdown } from './markdown.ts';
import type { SimulationReport } from './report-data.ts';
import { drawTrace } from './trace-chart.ts';

/** Writes report.md, results.json and a picture per trace. Returns the paths. */
export async function writeReport(directory: string, report: SimulationReport): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const files: Record<string, string> = {
    'report.md': writeMarkdown(report),
    'results.json': `${JSON.stringify(toResults(report), null, 1)}\n`,
  };
  for (const { file, chart } of report.pictures) files[file] = drawTrace(chart);
  const written = Object.entries(files).map(([name, text]) => ({ path: join(directory, name), text }));
  await Promise.all(written.map(({ path, text }) => writeFile(path, text)));
  return written.map(({ path }) => path);
}

/** Every figure of the report, without what only pictures need. */
function toResults(report: SimulationReport): unknown {
  const { scenarios, controllers } = report;
  return {
    format: 1,
    ...report,
    pictures: undefined,
    scenarios: scenarios.map(({ name, title, durationSeconds, scalable }) => ({
      name,
      title,
      durationSeconds,
      scalable,
    })),
    controllers: controllers.map(({ name, source }) => ({ name, source })),
  };
}
