import type { WriteStream } from 'node:fs';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Observation } from '../scaling/types.ts';
import type { OutcomeSink } from './ports.ts';

export interface Recorder extends OutcomeSink {
  /** Resolves when everything is in the file. */
  close(): Promise<void>;
}

/**
 * Writes every observation to a file, one JSON object per line, so that it can be decided again with other
 * settings. A file that cannot be written ends the recording, not the operator.
 */
export function createRecorder(file: string, onError: (error: unknown) => void): Recorder {
  const stream: WriteStream = createWriteStream(file, { flags: 'a' });
  let broken = false;
  stream.on('error', (error) => {
    broken = true;
    onError(error);
  });
  return {
    accept: (outcomes, at) => {
      if (broken || outcomes.length === 0) return;
      const observation: Observation = { at, scalers: outcomes.map((outcome) => outcome.observation) };
      stream.write(`${JSON.stringify(observation)}\n`);
    },
    close: () =>
      broken ? Promise.resolve() : new Promise<void>((resolve) => void stream.end(() => resolve())),
  };
}

/** A line of a recording that cannot be read. */
export class RecordingError extends Error {
  readonly code = 'recording';
}

/**
 * Reads a recording. The last line may be cut off, where the operator was killed; a start of the operator in the
 * middle of a file makes its clock begin anew, and time goes on from the last line then.
 * @throws RecordingError
 */
export async function readRecording(file: string): Promise<Observation[]> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  const observations: Observation[] = [];
  let offset = 0;
  let last = -Infinity;
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const parsed = parseLine(line);
    if (!parsed && index === lines.length - 1) break;
    if (!parsed) throw new RecordingError(`${file}, line ${index + 1} is no observation`);
    if (parsed.at + offset <= last) offset = last + RESTART_SECONDS - parsed.at;
    last = parsed.at + offset;
    observations.push({ ...parsed, at: last });
  }
  return observations;
}

/** About what a start takes. */
const RESTART_SECONDS = 5;

/** JSON has no undefined: what was not known is absent, which reads the same. */
function parseLine(line: string): Observation | undefined {
  try {
    const value = JSON.parse(line) as Partial<Observation> | null;
    return typeof value?.at === 'number' && Array.isArray(value.scalers) ? (value as Observation) : undefined;
  } catch {
    return undefined;
  }
}
