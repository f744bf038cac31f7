import type { EventBase, EventData, Reason } from '../domain/events.ts';
import { next } from '../domain/state-machine.ts';
import type { RemoteClient, RemoteOutcome } from '../runtime/remote-client.ts';
import type {
  AcceptStore,
  Chain,
  ChainedChange,
  ChainOptions,
  StageStore,
  Submission,
} from '../store/port.ts';
import type { TransactionType } from '../transactions/type.ts';
import type { Draft } from './submission.ts';
import type { SyncGate } from './sync-gate.ts';

export interface SyncTwinOptions {
  readonly store: Pick<AcceptStore, 'accept'> & Pick<StageStore, 'applyChain' | 'query'>;
  readonly remote: Pick<RemoteClient, 'call'>;
  readonly gate: Pick<SyncGate, 'begin' | 'finish'>;
}

/** What became of a transaction within its own request. */
export type SyncOutcome =
  | { readonly kind: 'done'; readonly result: unknown }
  | { readonly kind: Refusal; readonly reasons: readonly Reason[] }
  /** The idempotency key is taken, by the same request or by another one. */
  | { readonly kind: 'replayed'; readonly id: string }
  | { readonly kind: 'conflict'; readonly id: string };

/**
 * rejected: by the database check. declined: by the remote. unavailable: the remote was not reached, so there
 * is no effect. unclear: there may be one, and the pipeline is undoing it.
 */
export type Refusal = 'rejected' | 'declined' | 'unavailable' | 'unclear';

type Answer =
  | { readonly kind: 'ok'; readonly response: unknown }
  | { readonly kind: Exclude<Refusal, 'rejected'>; readonly reasons: readonly Reason[] };

/**
 * The use case in one request: accept, check against the database, call the remote system, save, answer. The
 * same checks, call, tables and durability as in the pipeline; nothing goes to Kafka, unless a call has ended
 * without saying whether it took effect and is to be undone. Three statements: two commits and a read.
 * @throws GateWaitError when the database had no time for it: nothing was stored
 */
export async function runSync(
  submission: Submission,
  draft: Draft,
  { store, remote, gate }: SyncTwinOptions,
): Promise<SyncOutcome> {
  const { type, payload } = draft;
  const begun = await gate.begin(() => begin(submission, draft, store));
  if (begun.kind === 'replayed' || begun.kind === 'conflict') return begun;

  const events = new Events(submission, draft);
  const save = (chain: Chain, options: ChainOptions): Promise<void> =>
    gate.finish(() => store.applyChain(chain, options));
  if (begun.kind === 'rejected') {
    await save(events.rejected(begun.reasons), { publish: 'none' });
    return begun;
  }
  const call = await remote.call(
    submission.id,
    type.toRemote(submission.id, payload),
    submission.traceparent,
  );
  const answer = readAnswer(call, type);
  if (answer.kind === 'ok') {
    const result = type.toResult(answer.response);
    const chain = events.done(answer.response, result, call.calls);
    await save(chain, { publish: 'none', settleSql: type.settleSql });
    return { kind: 'done', result };
  }
  const { kind, reasons } = answer;
  if (kind === 'unclear') await save(events.undo(reasons, call.calls), { publish: 'last' });
  else await save(events.failed(reasons, call.calls), { publish: 'none' });
  return { kind, reasons };
}

type Begun =
  | { readonly kind: 'valid' }
  | { readonly kind: 'rejected'; readonly reasons: readonly Reason[] }
  | { readonly kind: 'replayed' | 'conflict'; readonly id: string };

/** Accepts, and checks what was accepted. */
async function begin(
  submission: Submission,
  { type, payload }: Draft,
  store: SyncTwinOptions['store'],
): Promise<Begun> {
  const [outcome] = await store.accept([submission], { publish: false });
  const { kind, id } = outcome!;
  if (kind !== 'accepted') return { kind, id };
  const [verdict] = await type.validate([payload], store.query);
  return verdict!.valid ? { kind: 'valid' } : { kind: 'rejected', reasons: verdict!.reasons };
}

function readAnswer(call: RemoteOutcome, type: TransactionType): Answer {
  const reason = (message: string): readonly Reason[] => [{ code: 'remote-unavailable', message }];
  if (call.kind === 'refused') return { kind: 'unavailable', reasons: reason(call.message) };
  if (call.kind === 'unknown') return { kind: 'unclear', reasons: reason(call.message) };
  try {
    return type.fromRemote(call.statusCode, call.body);
  } catch (error) {
    // An answer that is none: what the call has done is as unknown as after a time-out.
    return { kind: 'unclear', reasons: reason(error instanceof Error ? error.message : String(error)) };
  }
}

/** The events of one transaction, as the twin writes them. */
class Events {
  private readonly base: EventBase;
  private readonly submission: Submission;
  private readonly payload: unknown;

  constructor(submission: Submission, { payload }: Draft) {
    const { id, key, type, order } = submission;
    this.base = { id, key, type, order };
    this.submission = submission;
    this.payload = payload;
  }

  done(response: unknown, result: unknown, calls: number): Chain {
    return this.chain(
      this.validated(),
      this.change('remote-responded', { response }, calls),
      this.change('done', { result }),
    );
  }
  failed(reasons: readonly Reason[], calls: number): Chain {
    return this.chain(this.validated(), this.change('failed', { reasons }, calls));
  }
  /** In fan-out a rejection goes by way of an undoing, which here has nothing to undo. */
  rejected(reasons: readonly Reason[]): Chain {
    const rejected = this.change('rejected', { reasons });
    if (next(this.base.order, 'accepted', 'rejected')) return this.chain(rejected);
    const { payload } = this;
    return this.chain(
      this.change('compensation-requested', { payload, cause: 'rejected', reasons }),
      rejected,
    );
  }
  undo(reasons: readonly Reason[], calls: number): Chain {
    const { payload } = this;
    const request = this.change('compensation-requested', { payload, cause: 'failed', reasons }, calls);
    return this.chain(this.validated(), { ...request, ambiguous: true });
  }

  private chain(...changes: ChainedChange[]): Chain {
    const { id, order, keyed } = this.submission;
    return { id, order, keyed, from: 'accepted', changes };
  }
  private validated(): ChainedChange {
    const { deadline } = this.submission;
    return this.change('validated', {
      payload: this.payload,
      ...(deadline && { deadline: deadline.toISOString() }),
    });
  }
  private change<Name extends keyof EventData>(
    event: Name,
    own: Omit<EventData[Name], keyof EventBase>,
    attempt = 1,
  ): ChainedChange {
    const { traceparent } = this.submission;
    return { event, stage: 'sync', attempt, data: JSON.stringify({ ...this.base, ...own }), traceparent };
  }
}
