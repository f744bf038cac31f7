import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { topicOf } from '../../domain/events.ts';
import type { Stage } from '../../domain/stages.ts';
import { STAGES, consumedBy, groupOf } from '../../domain/stages.ts';
import type { Order } from '../../domain/state-machine.ts';

export interface ScalerFilesOptions {
  /** Emptied, then filled. */
  readonly directory: string;
  readonly topicPrefix: string;
  /** Of the transaction types in use: they decide which topics a stage consumes. */
  readonly orders: readonly Order[];
  /** Stages whose replicas were set by hand: the operator only looks on. */
  readonly fixed: readonly string[];
}

const TEMPLATES = join(import.meta.dirname, '..', 'scalers');

/** Writes the StageScalers of the stages, as this stack needs them. */
export async function writeScalerFiles(options: ScalerFilesOptions): Promise<void> {
  const { directory } = options;
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await Promise.all(
    STAGES.map(async (stage) => {
      const template = await readFile(join(TEMPLATES, `${stage}.yaml`), 'utf8');
      await writeFile(join(directory, `${stage}.yaml`), adapt(template, stage, options));
    }),
  );
}

/** The template with the group and the topics of this stack. */
export function adapt(
  template: string,
  stage: Stage,
  { topicPrefix, orders, fixed }: Omit<ScalerFilesOptions, 'directory'>,
): string {
  const document = parseDocument(template);
  const topics = consumedBy(stage, orders).map((event) => topicOf(topicPrefix, event));
  document.setIn(['spec', 'kafka', 'consumerGroup'], groupOf(topicPrefix, stage));
  document.setIn(['spec', 'kafka', 'topics'], topics);
  if (fixed.includes(stage)) document.setIn(['metadata', 'annotations'], { 'sluice.dev/paused': 'true' });
  return document.toString();
}
