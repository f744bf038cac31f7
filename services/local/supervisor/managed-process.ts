import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileAtomic } from '../atomic-file.ts';
import { endProcess, identityOf, signalProcess } from '../process-identity.ts';
import type { ProcessIdentity } from '../process-identity.ts';
import { createBackoff } from './backoff.ts';
import type { BackoffOptions } from './backoff.ts';
import { guard } from './guard.ts';
import { capLog, logSize, openLog, tailLog } from './log-file.ts';
import { endLeftover } from './leftovers.ts';
import type { ParentDeath, ProcessSpec } from './spawn-detached.ts';
import { spawnDetached } from './spawn-detached.ts';

/**
 * starting: runs, has not been ready yet. ready / unready: as last probed. backoff: has crashed, waits.
 * failed: ended with code 2 (configuration), which no restart cures. stopped: as asked.
 */
export type ProcessState = 'starting' | 'ready' | 'unready' | 'backoff' | 'stopping' | 'stopped' | 'failed';

export interface Crash {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly restartInMs: number | undefined;
  readonly lastLines: readonly string[];
}

export interface ManagedProcessOptions {
  readonly name: string;
  /** What to run; called before every start, so that it can mend what a crash left behind. */
  readonly prepare: () => Promise<ProcessSpec>;
  /** One probe; rejects or resolves to false while the process cannot serve. */
  readonly probe: () => Promise<boolean>;
  /**
   * Asked when the probe has failed: resolves to false where the process itself says that it had better be started
   * anew. One that does not answer at all may only be slow, and is left alone. Default: always true.
   */
  readonly live?: () => Promise<boolean>;
  readonly logFile: string;
  /** Holds pid and start time while it runs, so that a later start can end what is left of it. */
  readonly pidFile: string;
  readonly parentDeath: ParentDeath;
  readonly stopSignal: NodeJS.Signals;
  /** Ms a stop may take before SIGKILL. */
  readonly stopTimeoutMs: number;
  readonly backoff?: BackoffOptions;
  /** Ms between probes once it has been ready. */
  readonly probeIntervalMs?: number;
  readonly onCrash?: (crash: Crash) => void;
}

/** A process did not get ready; the message has its last lines. `config`: for a mistake in the configuration. */
export class NotReadyError extends Error {
  readonly code: 'config' | 'not-ready';

  constructor(code: NotReadyError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const FIRST_PROBES_MS = 50;
const HOPELESS_CRASHES = 6;
/** So often in a row it has to say so. */
const NOT_LIVE_PROBES = 3;
/** Exit code of every process of ours for a mistake in the configuration. */
const EXIT_CONFIG = 2;

/** One process: started, probed, restarted with backoff when it ends by itself, stopped. */
export class ManagedProcess {
  readonly name: string;
  restarts = 0;
  state: ProcessState = 'stopped';
  private readonly options: ManagedProcessOptions;
  private readonly backoff;
  private child: ChildProcess | undefined;
  private shell: ChildProcess | undefined;
  private identity: ProcessIdentity | undefined;
  private exited: Promise<void> = Promise.resolve();
  private logStart = 0;
  /** Crashes before it was ready for the first time. */
  private falseStarts = 0;
  private everReady = false;
  private probeError = '';
  private healthySince: number | undefined;
  private wanted = false;
  /** The start under way, so that a stop can wait for it and then end what it has started. */
  private starting: Promise<void> = Promise.resolve();
  /** Aborts the waits of the present run (probes, backoff). */
  private run = new AbortController();

  constructor(options: ManagedProcessOptions) {
    this.options = options;
    this.name = options.name;
    this.backoff = createBackoff(options.backoff);
  }

  get pid(): number | undefined {
    return this.child?.exitCode === null && this.child.signalCode === null ? this.child.pid : undefined;
  }

  /** Starts it and keeps it running until `stop`. Rejects when the first spawn fails. */
  async start(): Promise<void> {
    if (this.wanted) return;
    this.wanted = true;
    try {
      await this.begin();
    } catch (error) {
      this.wanted = false;
      this.state = 'stopped';
      throw error;
    }
  }

  /**
   * Resolves when it has been probed ready; rejects with its last log lines after `timeoutMs`, or when it has
   * crashed time and again without ever having been ready.
   */
  async whenReady(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.state !== 'ready') {
      signal?.throwIfAborted();
      const tooLate = performance.now() > deadline;
      const hopeless = this.state === 'failed' || this.falseStarts >= HOPELESS_CRASHES;
      if (tooLate || hopeless || !this.wanted) {
        const lines = await tailLog(this.options.logFile, this.logStart);
        const how = tooLate ? `was not ready within ${timeoutMs / 1000} s` : 'could not start';
        const probed = this.probeError === '' ? '' : `, last probe: ${this.probeError}`;
        const log = lines.map((line) => `  | ${line}`).join('\n');
        const message = `${this.name} ${how} (log: ${this.options.logFile}${probed})\n${log}`;
        throw new NotReadyError(this.state === 'failed' ? 'config' : 'not-ready', message);
      }
      await sleep(20);
    }
  }

  /** Asks it to end, kills it after the time-out. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.wanted = false;
    this.run.abort();
    await this.starting.catch(() => {});
    this.run.abort();
    if (this.identity && this.pid !== undefined) {
      this.state = 'stopping';
      await endProcess(this.identity, {
        signal: this.options.stopSignal,
        timeoutMs: this.options.stopTimeoutMs,
      });
    }
    await this.exited;
    this.state = 'stopped';
  }

  /** Sends a signal to the process itself, which the supervisor did not ask for: a fault. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid !== undefined) signalProcess(this.pid, signal);
  }

  /** What it last wrote to its log, since it was last started. */
  lastLines(): Promise<string[]> {
    return tailLog(this.options.logFile, this.logStart);
  }

  private begin(): Promise<void> {
    this.starting = this.spawn();
    return this.starting;
  }

  private async spawn(): Promise<void> {
    await endLeftover(this.options.pidFile, this.options);
    const spec = await this.options.prepare();
    if (!this.wanted) return;
    await capLog(this.options.logFile);
    this.logStart = await logSize(this.options.logFile);
    const log = await openLog(this.options.logFile);
    try {
      this.child = await spawnDetached(spec, log.fd, this.options.parentDeath);
    } finally {
      await log.close();
    }
    const child = this.child;
    this.state = 'starting';
    this.healthySince = undefined;
    this.run = new AbortController();
    this.exited = new Promise((resolve) => {
      const onExit = () => {
        this.shell?.kill('SIGKILL');
        void this.onExit(child).finally(resolve);
      };
      if (child.exitCode !== null || child.signalCode !== null) onExit();
      else child.once('exit', onExit);
    });
    if (this.options.parentDeath === 'guard') this.shell = guard(child.pid!, this.options.stopSignal);
    this.identity = await identityOf(child.pid!);
    if (this.identity) await writeFileAtomic(this.options.pidFile, JSON.stringify(this.identity));
    void this.probeUntilAborted(this.run.signal);
  }

  private async onExit(child: ChildProcess): Promise<void> {
    this.run.abort();
    if (!this.wanted) return rm(this.options.pidFile, { force: true });
    const healthyMs = this.healthySince === undefined ? 0 : performance.now() - this.healthySince;
    const hopeless = child.exitCode === EXIT_CONFIG;
    const restartInMs = hopeless ? undefined : this.backoff.next(healthyMs);
    this.state = hopeless ? 'failed' : 'backoff';
    if (!this.everReady) this.falseStarts++;
    this.options.onCrash?.({
      name: this.name,
      code: child.exitCode,
      signal: child.signalCode,
      restartInMs,
      lastLines: await tailLog(this.options.logFile, this.logStart),
    });
    if (restartInMs !== undefined) void this.restartAfter(restartInMs);
  }

  private async restartAfter(ms: number): Promise<void> {
    const waiting = (this.run = new AbortController());
    await sleep(ms, undefined, { signal: waiting.signal }).catch(() => {});
    if (waiting.signal.aborted || !this.wanted) return;
    this.restarts++;
    try {
      await this.begin();
    } catch (error) {
      const restartInMs = this.backoff.next(0);
      this.state = 'backoff';
      const lastLines = [error instanceof Error ? error.message : String(error)];
      this.options.onCrash?.({ name: this.name, code: null, signal: null, restartInMs, lastLines });
      void this.restartAfter(restartInMs);
    }
  }

  private async probeUntilAborted(signal: AbortSignal): Promise<void> {
    let notLive = 0;
    while (!signal.aborted) {
      const ready = await this.options.probe().catch((error: unknown) => {
        this.probeError = error instanceof Error ? error.message : String(error);
        return false;
      });
      notLive = ready || (await this.isLive()) ? 0 : notLive + 1;
      if (signal.aborted) return;
      if (notLive >= NOT_LIVE_PROBES) return this.kill('SIGKILL');
      if (ready) {
        this.healthySince ??= performance.now();
        this.everReady = true;
        this.state = 'ready';
      } else if (this.state === 'ready') {
        this.healthySince = undefined;
        this.state = 'unready';
      }
      const wait = this.state === 'starting' ? FIRST_PROBES_MS : (this.options.probeIntervalMs ?? 1_000);
      await sleep(wait, undefined, { signal }).catch(() => {});
    }
  }

  private async isLive(): Promise<boolean> {
    return this.options.live ? this.options.live().catch(() => true) : true;
  }
}
