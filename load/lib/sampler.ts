import type { Database } from './run-facts.ts';
import { readMachineCpuSeconds, readProcesses, readPssBytes, readSockets } from './process-usage.ts';
import type { ProcessRef, Target } from './target.ts';

/** Mean and greatest of the samples of a run. */
export interface Level {
  readonly mean: number;
  readonly max: number;
}

/** One component over a run; its replicas added up. */
export interface ComponentUsage {
  readonly name: string;
  readonly cpuSeconds: number;
  /** The greatest seen; pages that processes share are counted for each of them. */
  readonly rssMaxBytes: number;
  /** At the end, shared pages counted once (PSS): the measure for Postgres. Undefined where unknown. */
  readonly pssEndBytes: number | undefined;
}

/** What a run held and used. Undefined where this system does not tell. */
export interface Resources {
  /** Connections that clients held open to the API while the load lasted. */
  readonly apiSockets: Level | undefined;
  /** Connections held open to the remote system, and calls under way on them. */
  readonly remoteSockets: Level | undefined;
  readonly remoteCalls: Level | undefined;
  /** Database sessions in the middle of something, by application name: the pool slots held. */
  readonly poolSlots: Readonly<Record<string, Level>>;
  /** Until everything had ended. */
  readonly components: readonly ComponentUsage[];
  /** CPU seconds that the whole machine spent meanwhile, whatever on. */
  readonly machineCpuSeconds: number | undefined;
  readonly seconds: number;
}

export interface Sampler {
  /** The load is over: what follows counts for CPU and memory only. */
  endOfLoad(): void;
  /** Takes the last sample and returns what was seen since the start. */
  stop(): Promise<Resources>;
}

const INTERVAL_MS = 1_000;

/** Watches a target once a second, from outside: /proc and pg_stat_activity, some 10 ms of CPU each time. */
export async function startSampler(target: Target, database: Database): Promise<Sampler> {
  const began = performance.now();
  const watch = new Watch(target, database);
  await watch.sample();
  const machineBefore = await readMachineCpuSeconds();
  let running = Promise.resolve();
  const timer = setInterval(() => {
    running = running.then(() => watch.sample());
  }, INTERVAL_MS);
  return {
    endOfLoad: () => watch.endOfLoad(),
    stop: async () => {
      clearInterval(timer);
      await running;
      await watch.sample();
      const machineAfter = await readMachineCpuSeconds();
      return {
        ...(await watch.resources()),
        seconds: (performance.now() - began) / 1_000,
        machineCpuSeconds: machineBefore === undefined ? undefined : machineAfter! - machineBefore,
      };
    },
  };
}

class Watch {
  private readonly target: Target;
  private readonly database: Database;
  private readonly apiSockets: number[] = [];
  private readonly remoteSockets: number[] = [];
  private readonly remoteCalls: number[] = [];
  private readonly sessions: Record<string, number>[] = [];
  /** CPU seconds of each process when it was first and last seen. */
  private readonly cpu = new Map<number, { name: string; first: number; last: number }>();
  private readonly rss = new Map<string, number>();
  private firstSample = true;
  private loaded = true;

  constructor(target: Target, database: Database) {
    this.target = target;
    this.database = database;
  }

  endOfLoad(): void {
    this.loaded = false;
  }

  async sample(): Promise<void> {
    const [processes, table] = await Promise.all([this.target.processes(), readProcesses()]);
    const rss = new Map<string, number>();
    for (const { name, pid } of processes) {
      const usage = table.tree(pid);
      if (!usage) continue;
      this.noteCpu({ name, pid }, usage.cpuSeconds);
      rss.set(name, (rss.get(name) ?? 0) + usage.rssBytes);
    }
    for (const [name, bytes] of rss) this.rss.set(name, Math.max(this.rss.get(name) ?? 0, bytes));
    if (this.loaded && !this.firstSample) await this.sampleHeld();
    this.firstSample = false;
  }

  async resources(): Promise<Omit<Resources, 'seconds' | 'machineCpuSeconds'>> {
    const all = [...this.cpu.values()];
    const names = [...new Set(all.map(({ name }) => name))];
    const applications = [...new Set(this.sessions.flatMap((session) => Object.keys(session)))].sort();
    const pss = await this.readPss();
    return {
      apiSockets: level(this.apiSockets),
      remoteSockets: level(this.remoteSockets),
      remoteCalls: level(this.remoteCalls),
      poolSlots: Object.fromEntries(
        applications.map((name) => [name, level(this.sessions.map((session) => session[name] ?? 0))!]),
      ),
      components: names.map((name) => ({
        name,
        cpuSeconds: all
          .filter((row) => row.name === name)
          .reduce((sum, row) => sum + row.last - row.first, 0),
        rssMaxBytes: this.rss.get(name) ?? 0,
        pssEndBytes: pss.get(name),
      })),
    };
  }

  private async sampleHeld(): Promise<void> {
    const [sockets, calls, sessions] = await Promise.all([
      readSockets(),
      readCalls(this.target.remoteUrl),
      this.database.busySessions().catch(() => undefined),
    ]);
    if (sockets) this.apiSockets.push(sockets.acceptedOn(portOf(this.target.apiUrl)));
    if (sockets) this.remoteSockets.push(sockets.acceptedOn(portOf(this.target.remoteUrl)));
    if (calls !== undefined) this.remoteCalls.push(calls);
    if (sessions) this.sessions.push(sessions);
  }

  private async readPss(): Promise<Map<string, number | undefined>> {
    const [processes, table] = await Promise.all([this.target.processes(), readProcesses()]);
    const pids = new Map<string, number[]>();
    for (const { name, pid } of processes)
      pids.set(name, [...(pids.get(name) ?? []), pid, ...table.descendants(pid)]);
    const entries = [...pids].map(async ([name, all]) => [name, await readPssBytes(all)] as const);
    return new Map(await Promise.all(entries));
  }

  /** A process that appears during the run has used everything within it. */
  private noteCpu({ name, pid }: ProcessRef, cpuSeconds: number): void {
    const known = this.cpu.get(pid);
    if (known) known.last = Math.max(known.last, cpuSeconds);
    else this.cpu.set(pid, { name, first: this.firstSample ? cpuSeconds : 0, last: cpuSeconds });
  }
}

function level(values: readonly number[]): Level | undefined {
  if (values.length === 0) return undefined;
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, max: Math.max(...values) };
}

/** Calls that the remote simulator has under way; undefined when it does not say. */
async function readCalls(remoteUrl: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${remoteUrl}/ledger/summary`, { signal: AbortSignal.timeout(1_000) });
    return ((await response.json()) as { inFlight?: number }).inFlight;
  } catch {
    return undefined;
  }
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
