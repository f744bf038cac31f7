import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What a process and all its descendants have used. */
export interface Usage {
  /** Since they started; those that ended and were waited for included. */
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

const run = promisify(execFile);
/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** A look at all processes of the machine at once: costs a few ms. */
export async function readProcesses(): Promise<ProcessTable> {
  return new ProcessTable(process.platform === 'linux' ? await readProc() : await readPs());
}

export class ProcessTable {
  private readonly byPid: ReadonlyMap<number, Row>;
  private readonly children = new Map<number, Row[]>();

  constructor(rows: readonly Row[]) {
    this.byPid = new Map(rows.map((row) => [row.pid, row]));
    for (const row of rows) {
      const siblings = this.children.get(row.parent);
      if (siblings) siblings.push(row);
      else this.children.set(row.parent, [row]);
    }
  }

  /** A process with all that it has started; undefined when it is gone. */
  tree(pid: number): Usage | undefined {
    const root = this.byPid.get(pid);
    if (!root) return undefined;
    let { cpuSeconds, rssBytes } = root;
    for (const child of this.children.get(pid) ?? []) {
      const usage = this.tree(child.pid)!;
      cpuSeconds += usage.cpuSeconds;
      rssBytes += usage.rssBytes;
    }
    return { cpuSeconds, rssBytes };
  }

  /** A process alone. */
  alone(pid: number): Usage | undefined {
    return this.byPid.get(pid);
  }

  descendants(pid: number): number[] {
    return (this.children.get(pid) ?? []).flatMap((row) => [row.pid, ...this.descendants(row.pid)]);
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
async function readProc(): Promise<Row[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const pageBytes = await readPageBytes();
  const rows = await Promise.all(
    names.map(async (name): Promise<Row | undefined> => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
      if (stat === undefined) return undefined;
      // The second field is the name in parentheses and may hold anything.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
      const rssBytes = Number(fields[21]) * pageBytes;
      return { pid: Number(name), parent: Number(fields[1]), cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes };
    }),
  );
  return rows.filter((row) => row !== undefined);
}

/** Pages are 4, 16 or 64 KiB; the system counts this process in pages and Node knows the bytes. */
async function readPageBytes(): Promise<number> {
  const pages = Number((await readFile('/proc/self/statm', 'utf8')).split(' ')[1]);
  return 2 ** Math.round(Math.log2(process.memoryUsage.rss() / pages));
}

async function readPs(): Promise<Row[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=,time='], { maxBuffer: 1 << 24 });
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, parent, rss, time] = line.trim().split(/\s+/);
      const cpuSeconds = secondsOf(time ?? '0');
      return { pid: Number(pid), parent: Number(parent), cpuSeconds, rssBytes: Number(rss) * 1024 };
    });
}

/** `[[dd-]hh:]mm:ss[.cc]` */
function secondsOf(time: string): number {
  const [days, rest] = time.includes('-') ? time.split('-') : ['0', time];
  const clock = rest!.split(':').reduce((total, part) => total * 60 + Number(part), 0);
  return Number(days) * 86_400 + clock;
}

/**
 * Memory of a process and its descendants in which pages that they share are counted once (PSS): the measure
 * for Postgres, whose processes all map the same buffers. Undefined where the system does not tell.
 */
export async function readPssBytes(pids: readonly number[]): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Connections of this machine in state ESTABLISHED by local and by remote port; undefined where unknown. */
export async function readSockets(): Promise<SocketTable | undefined> {
  if (process.platform !== 'linux') return undefined;
  const texts = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const local = new Map<number, number>();
  for (const line of texts.flatMap((text) => text.split('\n').slice(1))) {
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== ESTABLISHED) continue;
    const port = Number.parseInt(fields[1]!.slice(fields[1]!.lastIndexOf(':') + 1), 16);
    local.set(port, (local.get(port) ?? 0) + 1);
  }
  return { acceptedOn: (port) => local.get(port) ?? 0 };
}

export interface SocketTable {
  /** Open connections that a server on this port holds. */
  acceptedOn(port: number): number;
}

/**
 * CPU seconds that all cores have spent on anything since the machine started, those taken away by its host
 * (steal) included; undefined where the system does not tell.
 */
export async function readMachineCpuSeconds(): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const [first] = (await readFile('/proc/stat', 'utf8')).split('\n');
  const [user, nice, system, , , irq, softirq, steal] = first!.trim().split(/\s+/).slice(1).map(Number);
  return (user! + nice! + system! + irq! + softirq! + steal!) / TICKS_PER_SECOND;
}

const ESTABLISHED = '01';
