import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { Entry, EntryState, Ledger } from './ledger.ts';

/**
 * Writes the ledger down. What `write` has resolved for survives the end of this process, `kill -9` included;
 * it is not flushed to the disk, so it does not survive the end of the machine.
 */
export interface Journal {
  /** Resolves when the entry, and everything written before it, is in the file. */
  write(key: string, entry: Entry): Promise<void>;
  /** Resolves when everything written so far is in the file. */
  settled(): Promise<void>;
  /** Forgets what was written before this call. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** For a ledger that may be lost with the process. */
export const NO_JOURNAL: Journal = {
  write: () => Promise.resolve(),
  settled: () => Promise.resolve(),
  clear: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/**
 * Reads the file into the ledger and goes on writing at its end. Half a line at the end, left behind by a
 * kill, is cut off: nobody was told of it.
 * @throws Error when the file holds anything else that is not a ledger
 */
export async function openJournal(path: string, ledger: Ledger): Promise<Journal> {
  const file = await open(path, 'a+');
  await file.truncate(await restore(path, ledger));
  return new FileJournal(file);
}

class FileJournal implements Journal {
  private readonly file: FileHandle;
  private pending: string[] = [];
  /** The write under way, and the one that will take everything pending. */
  private current: Promise<void> | undefined;
  private following: Promise<void> | undefined;

  constructor(file: FileHandle) {
    this.file = file;
  }

  write(key: string, entry: Entry): Promise<void> {
    this.pending.push(toLine(key, entry));
    return this.settled();
  }

  settled(): Promise<void> {
    if (this.pending.length === 0) return this.current ?? Promise.resolve();
    this.following ??= (this.current ?? nextTurn()).then(() => this.flush());
    return this.following;
  }

  clear(): Promise<void> {
    this.pending.push(CLEARED);
    return this.settled();
  }

  async close(): Promise<void> {
    await this.settled();
    await this.file.close();
  }

  /** Rejects for good once a write has failed: after it nobody can say what is in the file. */
  private flush(): Promise<void> {
    const text = this.pending.join('');
    this.pending = [];
    this.following = undefined;
    this.current = this.append(text);
    return this.current;
  }

  private async append(text: string): Promise<void> {
    await this.file.appendFile(text);
    if (!this.following) this.current = undefined;
  }
}

/** The calls of one turn of the event loop share a write. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything before this line is forgotten. */
const CLEARED = '[]\n';

const STATE_CODES: readonly EntryState[] = ['executed', 'declined', 'reversed', 'tombstone'];

/** Key, state, seq, Unix ms, fingerprint, transaction key. */
function toLine(key: string, entry: Entry): string {
  const fields = [key, STATE_CODES.indexOf(entry.state), entry.seq, entry.atMs, entry.fingerprint];
  return `${JSON.stringify(entry.transactionKey === undefined ? fields : [...fields, entry.transactionKey])}\n`;
}

function fromLine(line: string): [string, Entry] {
  const [key, code, seq, atMs, fingerprint, transactionKey] = JSON.parse(line) as [
    string,
    number,
    number,
    number,
    number,
    string?,
  ];
  const state = STATE_CODES[code];
  if (typeof key !== 'string' || state === undefined) throw new Error('not an entry');
  return [key, { seq, atMs, fingerprint, state, transactionKey }];
}

/** Returns the number of bytes up to the end of the last whole line. */
async function restore(path: string, ledger: Ledger): Promise<number> {
  let carry: Buffer = Buffer.alloc(0);
  let bytes = 0;
  let lines = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    const data = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    const end = data.lastIndexOf(10) + 1;
    for (const line of data.toString('utf8', 0, end).split('\n')) {
      if (line === '') continue;
      lines++;
      restoreLine(ledger, line, { path, lines });
    }
    bytes += end;
    carry = data.subarray(end);
  }
  return bytes;
}

function restoreLine(ledger: Ledger, line: string, place: { path: string; lines: number }): void {
  try {
    if (line === '[]') ledger.clear();
    else ledger.restore(...fromLine(line));
  } catch (error) {
    throw new Error(`${place.path}, line ${place.lines}: not a ledger entry`, { cause: error });
  }
}
