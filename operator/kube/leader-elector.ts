import type { HeldLease, LeaseLock, LeaseRecord } from './lease-lock.ts';

export interface LeaderElectorOptions {
  readonly lock: LeaseLock;
  /** Of this process alone: no two runs share it. */
  readonly identity: string;
  /** After so long without a change others may take over. */
  readonly leaseMs?: number;
  /** A leader that has not renewed for so long writes nothing more. Below `leaseMs`, by the time of one write. */
  readonly renewDeadlineMs?: number;
  readonly retryMs?: number;
  /** ms of a monotonic clock. */
  readonly now?: () => number;
  /** Wall clock, for the record. */
  readonly date?: () => Date;
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onChange?: (leading: boolean, holder: string) => void;
  readonly onError?: (error: unknown) => void;
}

/**
 * With these a second replica takes over within leaseMs + retryMs = 12 s of the death of the first. A longer lease
 * would be kinder to a slow API server; events would wait for it.
 */
const LEASE_MS = 10_000;
const RENEW_DEADLINE_MS = 7_000;
const RETRY_MS = 2_000;

/**
 * Leads while it holds the Lease. Whether another's lease is over is judged by how long its record has not changed
 * here, never by comparing clocks; whether our own still holds, by when the last renewal was sent.
 */
export class LeaderElector {
  private readonly options: Required<LeaderElectorOptions>;
  private observed: { readonly lease: HeldLease; readonly at: number } | undefined;
  private renewedAt: number | undefined;
  private announced = false;
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();

  constructor(options: LeaderElectorOptions) {
    this.options = { ...DEFAULTS, ...options };
  }

  start(): void {
    this.running = this.run(this.stopping.signal);
  }

  /** Gives the Lease back, so that another need not wait for it to run out. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    const lease = this.observed?.lease;
    if (!this.isLeader() || !lease) return;
    this.renewedAt = undefined;
    this.announce();
    const record = { ...lease.record, holder: '', durationSeconds: 1, renewTime: this.wallTime() };
    await this.options.lock.write(record, lease.version, this.options.retryMs).catch(this.options.onError);
  }

  /** Whether this process may write, at this moment. */
  isLeader(): boolean {
    return this.leadsForMs() > 0;
  }

  /** ms for which a write that begins now must end, before another may lead; 0: it must not begin. */
  writeWithinMs(): number {
    if (!this.isLeader()) return 0;
    return this.leadsForMs() + (this.options.leaseMs - this.options.renewDeadlineMs);
  }

  /** '' : nobody, as far as is known. */
  holder(): string {
    return this.observed?.lease.record.holder ?? '';
  }

  private leadsForMs(): number {
    if (this.renewedAt === undefined) return 0;
    return Math.max(0, this.renewedAt + this.options.renewDeadlineMs - this.options.now());
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { sleep, onError } = this.options;
    while (!signal.aborted) {
      try {
        await this.attempt();
      } catch (error) {
        onError(error);
      }
      this.announce();
      await sleep(this.pauseMs(), signal).catch(() => {});
      this.announce();
    }
  }

  /** Makes, takes, renews or watches the Lease: one write at the most. */
  private async attempt(): Promise<void> {
    const { lock, identity, now } = this.options;
    const timeoutMs = this.attemptMs();
    if (!this.isLeader()) this.observe(await lock.read(timeoutMs));
    const before = this.observed?.lease;
    const ours = before?.record.holder === identity;
    if (before && !ours && before.record.holder !== '' && this.expiresInMs() > 0) return;
    const sentAt = now();
    try {
      const lease = await lock.write(this.nextRecord(before?.record, ours), before?.version, timeoutMs);
      this.observed = { lease, at: sentAt };
      this.renewedAt = sentAt;
    } catch (error) {
      // Somebody may have written, or our own write may have gone through unheard.
      this.observe(await lock.read(timeoutMs));
      if (this.holder() !== identity) this.renewedAt = undefined;
      throw error;
    }
  }

  /** ms for one request: an answer that comes later is of no use, and it is better to ask again. */
  private attemptMs(): number {
    const { retryMs } = this.options;
    return this.isLeader() ? Math.max(1, Math.min(this.leadsForMs(), retryMs * 2)) : retryMs * 2;
  }

  private observe(lease: HeldLease | undefined): void {
    if (lease?.version === this.observed?.lease.version) return;
    this.observed = lease && { lease, at: this.options.now() };
  }

  private nextRecord(before: LeaseRecord | undefined, ours: boolean): LeaseRecord {
    const time = this.wallTime();
    return {
      holder: this.options.identity,
      durationSeconds: Math.ceil(this.options.leaseMs / 1_000),
      acquireTime: ours && before ? before.acquireTime : time,
      renewTime: time,
      transitions: before ? before.transitions + (ours ? 0 : 1) : 0,
    };
  }

  private expiresInMs(): number {
    if (!this.observed) return 0;
    const { lease, at } = this.observed;
    return at + lease.record.durationSeconds * 1_000 - this.options.now();
  }

  /** Until the next attempt: sooner when another's lease runs out before. */
  private pauseMs(): number {
    const { retryMs } = this.options;
    const left = this.isLeader() ? this.leadsForMs() : this.expiresInMs();
    return left > 0 ? Math.min(retryMs, left) : retryMs;
  }

  private announce(): void {
    const leading = this.isLeader();
    if (leading === this.announced) return;
    this.announced = leading;
    this.options.onChange(leading, this.holder());
  }

  /** As Kubernetes' MicroTime. */
  private wallTime(): string {
    return this.options.date().toISOString().replace('Z', '000Z');
  }
}

const DEFAULTS = {
  leaseMs: LEASE_MS,
  renewDeadlineMs: RENEW_DEADLINE_MS,
  retryMs: RETRY_MS,
  now: () => performance.now(),
  date: () => new Date(),
  sleep: (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    }),
  onChange: () => {},
  onError: () => {},
} as const;
