import type { CompensationData, EventBase, EventData, Reason } from '../domain/events.ts';
import { next } from '../domain/state-machine.ts';
import type { RemoteClient, RemoteOutcome } from '../runtime/remote-client.ts';
import type { AcceptStore, Change, StageStore, Submission } from '../store/port.ts';
import type { TransactionType } from '../transactions/type.ts';
import type { Draft } from './submission.ts';

export interface SyncTwinOptions {
  readonly store: Pick<AcceptStore, 'accept'> & Pick<StageStore, 'apply' | 'applyChain' | 'query'>;
  readonly remote: Pick<RemoteClient, 'call'>;
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
 * without saying whether it took effect and is to be undone.
 */
export async function runSync(
  submission: Submission,
  draft: Draft,
  { store, remote }: SyncTwinOptions,
): Promise<SyncOutcome> {
  const { type, payload } = draft;
  const [accepted] = await store.accept([submission], { publish: false });
  if (accepted!.kind !== 'accepted') return { kind: accepted!.kind, id: accepted!.id };

  const events = new Events(submission, draft);
  const [verdict] = await type.validate([payload], store.query);
  if (!verdict!.valid) {
    await store.applyChain(events.rejected(verdict!.reasons), { publish: false });
    return { kind: 'rejected', reasons: verdict!.reasons };
  }
  const call = await remote.call(
    submission.id,
    type.toRemote(submission.id, payload),
    submission.traceparent,
  );
  const answer = readAnswer(call, type);
  if (answer.kind === 'ok') {
    const result = type.toResult(answer.response);
    const chain = [events.validated(), events.responded(answer.response, call.calls), events.done(result)];
    await store.applyChain(chain, { publish: false, settleSql: type.settleSql });
    return { kind: 'done', result };
  }
  const { kind, reasons } = answer;
  if (kind === 'unclear') {
    await store.applyChain([events.validated()], { publish: false });
    await store.apply([events.undo('failed', reasons, call.calls)]);
  } else {
    await store.applyChain([events.validated(), events.failed(reasons, call.calls)], { publish: false });
  }
  return { kind, reasons };
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

  validated(): Change {
    const { deadline } = this.submission;
    return this.change('validated', {
      payload: this.payload,
      ...(deadline && { deadline: deadline.toISOString() }),
    });
  }
  responded(response: unknown, calls: number): Change {
    return this.change('remote-responded', { response }, calls);
  }
  done(result: unknown): Change {
    return this.change('done', { result });
  }
  failed(reasons: readonly Reason[], calls: number): Change {
    return this.change('failed', { reasons }, calls);
  }
  /** In fan-out a rejection goes by way of an undoing, which here has nothing to undo. */
  rejected(reasons: readonly Reason[]): Change[] {
    const rejected = this.change('rejected', { reasons });
    if (next(this.base.order, 'accepted', 'rejected')) return [rejected];
    const { payload } = this;
    return [this.change('compensation-requested', { payload, cause: 'rejected', reasons }), rejected];
  }
  undo(cause: CompensationData['cause'], reasons: readonly Reason[], calls: number): Change {
    const { payload } = this;
    return { ...this.change('compensation-requested', { payload, cause, reasons }, calls), ambiguous: true };
  }

  private change<Name extends keyof EventData>(
    event: Name,
    own: Omit<EventData[Name], keyof EventBase>,
    attempt = 1,
  ): Change {
    const { id, traceparent } = this.submission;
    return { id, event, stage: 'sync', attempt, data: JSON.stringify({ ...this.base, ...own }), traceparent };
  }
}
