import { randomBytes } from 'node:crypto';
import type { Logger } from '../../otel/logger.ts';
import { EventSeries } from './event-series.ts';
import type { KubeApi } from './kube-api.ts';
import { collectionPath } from './resource-path.ts';

export interface ObjectReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

export interface EventNote {
  readonly regarding: ObjectReference;
  readonly related?: ObjectReference;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase. */
  readonly reason: string;
  /** What was done, CamelCase. */
  readonly action: string;
  /** In words. */
  readonly note: string;
}

export interface EventRecorderOptions {
  readonly api: KubeApi;
  /** Of this process. */
  readonly identity: string;
  /** Whether this process may write. */
  readonly fence: () => boolean;
  readonly log: Logger;
  readonly now?: () => number;
}

const CONTROLLER = 'sluice.dev/operator';
const MAX_NOTE_BYTES = 1_000;
const MAX_WAITING = 1_000;
const API_VERSION = 'events.k8s.io/v1';

/**
 * Writes Events, one after the other and in the background. What is said again within ten minutes is counted on the
 * first Event; one object can say only so much in a time.
 */
export class EventRecorder {
  private readonly options: EventRecorderOptions;
  private readonly series: EventSeries;
  private readonly waiting: (() => Promise<unknown>)[] = [];
  private running: Promise<void> | undefined;

  constructor(options: EventRecorderOptions) {
    this.options = options;
    this.series = new EventSeries(options.now ?? (() => performance.now()));
  }

  record(event: EventNote): void {
    const told = this.series.tell(event);
    if (told.kind === 'quiet' || this.waiting.length >= MAX_WAITING) return;
    this.waiting.push(told.kind === 'first' ? () => this.create(event) : () => this.count(event, told));
    this.running ??= this.drain().finally(() => (this.running = undefined));
  }

  /** Resolves when nothing waits to be written. */
  async flush(): Promise<void> {
    await this.running;
  }

  private async drain(): Promise<void> {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      if (!this.options.fence()) continue;
      try {
        await next();
      } catch (error) {
        this.options.log.warn({ err: error }, 'an Event was not written');
      }
    }
  }

  private async create(event: EventNote): Promise<void> {
    const { api, identity } = this.options;
    const { namespace, name } = event.regarding;
    const eventName = `${name}.${randomBytes(8).toString('hex')}`;
    this.series.name(event, eventName);
    await api.request({
      method: 'POST',
      path: collectionPath(API_VERSION, 'events', namespace),
      body: {
        apiVersion: API_VERSION,
        kind: 'Event',
        metadata: { name: eventName, namespace },
        eventTime: microTime(),
        reportingController: CONTROLLER,
        reportingInstance: identity.slice(0, 128),
        ...event,
        note: shortened(event.note),
      },
    });
  }

  private async count(event: EventNote, { name, count }: { name: string; count: number }): Promise<void> {
    const series = { count, lastObservedTime: microTime() };
    await this.options.api.request({
      method: 'PATCH',
      contentType: 'application/merge-patch+json',
      path: `${collectionPath(API_VERSION, 'events', event.regarding.namespace)}/${name}`,
      body: { series },
    });
  }
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  return bytes.length <= MAX_NOTE_BYTES
    ? note
    : `${new TextDecoder().decode(bytes.subarray(0, MAX_NOTE_BYTES)).replace(/�+$/, '')}…`;
}
