import type { PortAllocator } from '../free-port.ts';
import type { DataDirectory } from '../data-directory.ts';
import { accepts } from '../once-answered.ts';
import type { Crash, ProcessState } from './managed-process.ts';
import type { ProcessSpec } from './spawn-detached.ts';
import { ManagedProcess } from './managed-process.ts';
import { rssBytes } from './rss.ts';

/** Processes of ours: asked to drain by SIGTERM, which they do within 25 s. */
export const SERVICE_STOP = { stopSignal: 'SIGTERM', stopTimeoutMs: 30_000 } as const;

export const MAX_REPLICAS = 64;

export interface StageDefinition {
  readonly name: string;
  readonly replicas: number;
  /** False where replicas cannot share what they listen on. */
  readonly scalable: boolean;
  /** What to run as one replica; `adminPort` is where it is to serve its probes. */
  readonly spec: (adminPort: number) => ProcessSpec;
}

export interface ProcessView {
  readonly name: string;
  readonly pid: number | undefined;
  readonly adminPort: number;
  readonly restarts: number;
  readonly state: ProcessState;
  readonly rssBytes: number;
}

export interface StageView {
  readonly name: string;
  readonly scalable: boolean;
  /** As asked for. */
  readonly replicas: number;
  /** How many of them are ready now. */
  readonly ready: number;
  readonly processes: readonly ProcessView[];
}

/** A request that the stage cannot follow. */
export class ScaleError extends Error {
  readonly code: 'unknown-stage' | 'not-scalable' | 'invalid-replicas';

  constructor(code: ScaleError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface SupervisorOptions {
  readonly data: DataDirectory;
  readonly ports: PortAllocator;
  readonly onCrash?: (crash: Crash) => void;
}

interface Replica {
  readonly process: ManagedProcess;
  readonly address: { adminPort: number };
  stopping: boolean;
}

interface Stage {
  readonly definition: StageDefinition;
  wanted: number;
  /** By replica number from 1. One that drains keeps its number until it is gone. */
  readonly replicas: Map<number, Replica>;
}

/** Keeps so many processes of every stage running. */
export class Supervisor {
  private readonly options: SupervisorOptions;
  private readonly stages = new Map<string, Stage>();
  private stopped = false;

  constructor(options: SupervisorOptions) {
    this.options = options;
  }

  /** Adds a stage and starts its replicas. */
  async add(definition: StageDefinition): Promise<void> {
    this.stages.set(definition.name, { definition, wanted: 0, replicas: new Map() });
    await this.resize(definition.name, definition.replicas);
  }

  /**
   * Sets the number of replicas; resolves when they are started, or the surplus has been stopped.
   * @throws ScaleError
   */
  async scale(name: string, replicas: number): Promise<void> {
    if (!Number.isInteger(replicas) || replicas < 0 || replicas > MAX_REPLICAS)
      throw new ScaleError('invalid-replicas', `replicas must be an integer from 0 to ${MAX_REPLICAS}.`);
    if (!this.stage(name).definition.scalable)
      throw new ScaleError('not-scalable', `${name} listens on a port of its own and runs once.`);
    await this.resize(name, replicas);
  }

  async whenReady(name: string, timeoutMs: number): Promise<void> {
    await Promise.all(
      [...this.stage(name).replicas.values()].map(({ process }) => process.whenReady(timeoutMs)),
    );
  }

  names(): string[] {
    return [...this.stages.keys()];
  }

  /** All stages, in the order in which they were added. */
  list(): Promise<StageView[]> {
    return Promise.all(this.names().map((name) => this.view(name)));
  }

  /** @throws ScaleError when there is no such stage */
  async view(name: string): Promise<StageView> {
    const { definition, wanted, replicas } = this.stage(name);
    const processes = await Promise.all([...replicas.values()].map(viewOf));
    const ready = processes.filter((process) => process.state === 'ready').length;
    return { name, scalable: definition.scalable, replicas: wanted, ready, processes };
  }

  /** The running processes by name (`validate-1`). */
  processes(): Map<string, ManagedProcess> {
    const all = [...this.stages.values()].flatMap((stage) => [...stage.replicas.values()]);
    return new Map(all.map(({ process }) => [process.name, process]));
  }

  /** Stops all replicas of these stages, at the same time. */
  async stop(names: readonly string[] = this.names()): Promise<void> {
    this.stopped = true;
    const replicas = names.flatMap((name) => [...this.stage(name).replicas.values()]);
    await Promise.all(replicas.map(({ process }) => process.stop()));
  }

  private stage(name: string): Stage {
    const stage = this.stages.get(name);
    if (stage) return stage;
    const known = this.names().join(', ');
    throw new ScaleError('unknown-stage', `There is no stage "${name}"; there are ${known}.`);
  }

  /** Decides at once and synchronously, so that calls that cross each other do not count twice. */
  private async resize(name: string, replicas: number): Promise<void> {
    const stage = this.stage(name);
    stage.wanted = replicas;
    if (this.stopped) return;
    const active = [...stage.replicas].filter(([, replica]) => !replica.stopping);
    const surplus = active.slice(stage.wanted).map(([number]) => number);
    const missing = freeNumbers(stage, stage.wanted - active.length);
    await Promise.all([
      ...missing.map((number) => this.startReplica(stage, number)),
      ...surplus.map((number) => this.stopReplica(stage, number)),
    ]);
  }

  private async startReplica(stage: Stage, number: number): Promise<void> {
    const { data, ports, onCrash } = this.options;
    const name = `${stage.definition.name}-${number}`;
    const address = { adminPort: 0 };
    const process = new ManagedProcess({
      name,
      prepare: async () => {
        address.adminPort ||= await ports.any();
        return stage.definition.spec(address.adminPort);
      },
      probe: async () => (await accepts(address.adminPort)) && answers(address.adminPort, '/readyz'),
      live: () => answers(address.adminPort, '/livez'),
      logFile: data.log(name),
      pidFile: data.pidFile(name),
      parentDeath: 'watch',
      ...SERVICE_STOP,
      ...(onCrash ? { onCrash } : {}),
    });
    stage.replicas.set(number, { process, address, stopping: false });
    await process.start();
  }

  private async stopReplica(stage: Stage, number: number): Promise<void> {
    const replica = stage.replicas.get(number)!;
    replica.stopping = true;
    await replica.process.stop();
    stage.replicas.delete(number);
    await this.options.ports.release(replica.address.adminPort);
  }
}

async function viewOf({ process, address }: Replica): Promise<ProcessView> {
  const { name, pid, restarts, state } = process;
  return { name, pid, ...address, restarts, state, rssBytes: pid === undefined ? 0 : await rssBytes(pid) };
}

/** Whether a probe of a process says yes. @throws Error when it does not answer in time */
async function answers(adminPort: number, path: '/readyz' | '/livez'): Promise<boolean> {
  const response = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
    signal: AbortSignal.timeout(2_000),
  });
  await response.arrayBuffer();
  return response.ok;
}

/** The lowest numbers that no replica has. */
function freeNumbers(stage: Stage, count: number): number[] {
  const numbers: number[] = [];
  for (let number = 1; numbers.length < count; number++)
    if (!stage.replicas.has(number)) numbers.push(number);
  return numbers;
}
