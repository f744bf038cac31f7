import { mkdir, open, stat, truncate } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Bytes above which a log is emptied. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Opens a process's log for appending; the last run's lines stay while the file is small. */
export async function openLog(path: string): Promise<FileHandle> {
  await mkdir(dirname(path), { recursive: true });
  return open(path, 'a');
}

/** Empties a log that has grown too large. Its writer appends, and so goes on at the new end. */
export async function capLog(path: string, maxBytes = MAX_BYTES): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > maxBytes) await truncate(path, 0);
}

/** Size in bytes now: where the lines of the next start begin. */
export async function logSize(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}

/** The last lines written after `fromByte`. */
export async function tailLog(path: string, fromByte = 0, lines = 12): Promise<string[]> {
  const size = await logSize(path);
  const start = Math.max(Math.min(fromByte, size), size - 16 * 1024);
  const handle = await open(path, 'r').catch(() => undefined);
  if (!handle) return [];
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    return text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-lines);
  } finally {
    await handle.close();
  }
}
