import type { Logger } from '../../otel/logger.ts';
import { hasStatus, KubeError } from './kube-error.ts';
import type { KubeApi } from './kube-api.ts';
import { listAll } from './list-all.ts';
import { reasonOf, sleep } from './exchange.ts';
import type { KubeObject } from './kube-object.ts';
import { keyOf, metadataOf } from './kube-object.ts';

export interface InformerOptions<Item> {
  readonly api: KubeApi;
  /** Path of the collection. */
  readonly path: string;
  /** Keeps of an object what is needed. Must not throw: what makes no sense is judged by whoever reads it. */
  readonly keep: (object: KubeObject) => Item;
  readonly log: Logger;
  /** The resource may not exist in this cluster, or be none of our business: then there are no objects of it. */
  readonly optional?: boolean;
  /** ms from one complete list to the next. Default 10 min. */
  readonly resyncMs?: number;
  /** ms without a word from the server after which a watch counts as broken. Default 30 s. */
  readonly idleMs?: number;
  readonly random?: () => number;
}

/** Called with the key (`namespace/name`) of what has changed, or may have; undefined: there was or is none. */
export type ChangeHandler<Item> = (key: string, before: Item | undefined, now: Item | undefined) => void;

const RESYNC_MS = 600_000;
const IDLE_MS = 30_000;
const BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 15_000;
/** How often it is looked for a resource that does not exist. */
const ABSENT_MS = 60_000;
/** A watch that ends sooner has failed, however politely. */
const BRIEF_MS = 1_000;

/**
 * A copy of all objects of one resource that follows the API server: list, then watch, for ever. Whatever breaks,
 * it begins again by itself, later each time; after 410 with a new list.
 */
export class SupervisedInformer<Item> {
  private readonly options: Required<InformerOptions<Item>>;
  private items = new Map<string, Item>();
  private readonly handlers: ChangeHandler<Item>[] = [];
  private readonly stopping = new AbortController();
  private readonly synced = Promise.withResolvers<void>();
  private isSynced = false;
  private resourceVersion = '';
  private listedAt = 0;
  private brokenSince: number | undefined = performance.now();
  private running: Promise<void> = Promise.resolve();

  constructor(options: InformerOptions<Item>) {
    const defaults = { optional: false, resyncMs: RESYNC_MS, idleMs: IDLE_MS, random: Math.random };
    this.options = { ...defaults, ...options };
  }

  onChange(handler: ChangeHandler<Item>): void {
    this.handlers.push(handler);
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** True once everything has been listed. */
  hasSynced(): boolean {
    return this.isSynced;
  }

  whenSynced(): Promise<void> {
    return this.synced.promise;
  }

  get(key: string): Item | undefined {
    return this.items.get(key);
  }

  all(): ReadonlyMap<string, Item> {
    return this.items;
  }

  /** ms since which the API server has not been heard of; 0: connected. */
  brokenMs(): number {
    return this.brokenSince === undefined ? 0 : performance.now() - this.brokenSince;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let failures = 0;
    while (!signal.aborted) {
      const began = performance.now();
      const error = await this.follow().then(
        () => undefined,
        (error: unknown) => error,
      );
      if (signal.aborted) return;
      const lasted = performance.now() - began;
      failures = lasted < BRIEF_MS || error !== undefined ? failures + 1 : 0;
      // A connection that has held for long says nothing of those before it.
      if (lasted > MAX_BACKOFF_MS) failures = Math.min(failures, 1);
      if (hasStatus(error, 410)) this.resourceVersion = '';
      else if (error !== undefined) this.brokenSince ??= performance.now();
      await sleep(this.pauseMs(error, failures), signal).catch(() => {});
    }
  }

  /** One list, if it is due, and one watch, to its end. */
  private async follow(): Promise<void> {
    const { api, path, idleMs, resyncMs } = this.options;
    const { signal } = this.stopping;
    if (this.resourceVersion === '' || performance.now() - this.listedAt > resyncMs) await this.list();
    const untilResync = resyncMs - (performance.now() - this.listedAt);
    const query = {
      resourceVersion: this.resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.max(1, Math.ceil(untilResync / 1_000)),
    };
    const onOpen = (): void => void (this.brokenSince = undefined);
    for await (const { type, object } of api.watch({ path, query, idleMs, signal, onOpen }))
      this.take(type, object);
  }

  private async list(): Promise<void> {
    const { api, path, keep } = this.options;
    const { objects, resourceVersion } = await listAll(api, path, this.stopping.signal);
    const before = this.items;
    this.items = new Map(objects.map((object) => [keyOf(object), keep(object)]));
    this.resourceVersion = resourceVersion;
    this.listedAt = performance.now();
    this.finishSync();
    for (const key of new Set([...before.keys(), ...this.items.keys()])) this.tell(key, before.get(key));
  }

  private take(type: string, object: unknown): void {
    const metadata = metadataOf(object);
    if (!metadata) return;
    this.resourceVersion = metadata.resourceVersion ?? this.resourceVersion;
    if (type === 'BOOKMARK') return;
    const key = keyOf(object as KubeObject);
    const before = this.items.get(key);
    if (type === 'DELETED') this.items.delete(key);
    else this.items.set(key, this.options.keep(object as KubeObject));
    this.tell(key, before);
  }

  private tell(key: string, before: Item | undefined): void {
    for (const handler of this.handlers) handler(key, before, this.items.get(key));
  }

  private finishSync(): void {
    if (this.isSynced) return;
    this.isSynced = true;
    this.synced.resolve();
  }

  private pauseMs(error: unknown, failures: number): number {
    const { optional, path, log, random } = this.options;
    const absent = optional && (hasStatus(error, 404) || hasStatus(error, 403));
    if (absent) {
      this.finishSync();
      this.brokenSince = undefined;
      return ABSENT_MS;
    }
    const silent = error instanceof KubeError && error.message.includes('nothing came');
    if (error !== undefined && !hasStatus(error, 410) && !silent)
      log.warn({ path, failures, reason: reasonOf(error) }, 'watch broke');
    if (failures === 0) return 0;
    const backoff = Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (failures - 1));
    return backoff * (0.5 + random() / 2);
  }
}
