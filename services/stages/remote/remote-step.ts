import { bulkhead } from 'cockatiel';
import type { EventData } from '../../domain/events.ts';
import type { Order, State } from '../../domain/state-machine.ts';
import type { LoadMeter } from '../../runtime/load-meter.ts';
import { MicroBatcher } from '../../runtime/micro-batcher.ts';
import type { StageMessage } from '../../runtime/parse-message.ts';
import type { RemoteClient, RemoteOutcome } from '../../runtime/remote-client.ts';
import type { Step, StepResult } from '../../runtime/step.ts';
import { PACE_MS, dlq, drop, onlyFrom } from '../../runtime/step.ts';
import type { Progress, StageStore } from '../../store/port.ts';
import type { Registry } from '../../transactions/registry.ts';
import type { RemoteRequest, TransactionType } from '../../transactions/type.ts';
import type { Circuit } from './circuit.ts';
import type { RetryPolicy } from './outcome.ts';
import { afterCall, afterReversal, giveUp } from './outcome.ts';
import { patienceOf } from './refusal.ts';

export interface RemoteOptions {
  readonly registry: Registry;
  readonly store: Pick<StageStore, 'progress'>;
  readonly client: RemoteClient;
  readonly circuit: Circuit;
  readonly policy: RetryPolicy;
  /** Calls in flight at the most. */
  readonly concurrency: number;
  readonly load: LoadMeter;
}

interface Work {
  readonly message: StageMessage;
  readonly isOurs: () => boolean;
}

/** States that wait for the remote's answer. One that comes when the transaction is being undone is too late. */
const CALLED_FROM: Record<Order, readonly State[]> = {
  chained: ['validated'],
  fanOut: ['accepted', 'validated'],
};

/**
 * The stage `remote`: calls the user's remote system, many calls at once, each transaction on its own. Before
 * the call the database says whether it is still wanted: a duplicate is not called again, a keyed transaction
 * waits for its turn, an overdue one expires. What still queues for a call when its partition goes to another replica
 * is left to that one, which works on it as well.
 */
export function createRemoteStep(options: RemoteOptions): Step {
  const { registry, store, client, circuit, policy, load } = options;
  const limit = bulkhead(options.concurrency, Number.MAX_SAFE_INTEGER);
  const progress = new MicroBatcher<string, Progress | undefined>({
    name: 'progress',
    flushers: 2,
    paceMs: PACE_MS,
    flush: async (ids) => {
      const found = await store.progress(ids);
      return ids.map((id) => found.get(id));
    },
  });

  /** Undefined: its turn has come when its partition had gone. */
  const call = ({ message, isOurs }: Work, request: RemoteRequest): Promise<RemoteOutcome | undefined> =>
    limit.execute(async () => {
      if (!isOurs()) return undefined;
      const end = load.begin();
      try {
        return await circuit.call(() => client.call(message.id, request, message.traceparent));
      } finally {
        end();
      }
    });

  async function forward(task: Work, type: TransactionType, now: Progress): Promise<StepResult> {
    const { message } = task;
    const work = message.data as EventData['validated'];
    if (now.overdue) {
      const reason = {
        code: 'deadline-passed',
        message: `The deadline ${work.deadline} passed before the remote call.`,
      };
      return giveUp(work, 'expired', [reason], { attempt: now.attempts, ambiguous: now.ambiguous });
    }
    const outcome = await call(task, type.toRemote(message.id, work.payload));
    if (!outcome) return drop('revoked');
    const context = { type, policy, ...patienceOf(message, policy, Date.now()) };
    return onlyFrom(CALLED_FROM[work.order], afterCall(work, now, outcome, context));
  }

  async function reverse(task: Work, type: TransactionType, now: Progress): Promise<StepResult> {
    const { message } = task;
    const request = message.data as EventData['compensation-requested'];
    const outcome = await call(task, type.toReversal(message.id, request.payload));
    if (!outcome) return drop('revoked');
    const context = { type, policy, ...patienceOf(message, policy, Date.now()) };
    return onlyFrom(['compensating'], afterReversal(request, now, outcome, context));
  }

  return async function remoteStep(message, isOurs = () => true) {
    const type = registry.get(message.data.type);
    if (!type)
      return dlq('unknown-type', `There is no transaction type ${JSON.stringify(message.data.type)} here.`);
    const now = await progress.add(message.id, message.traceparent);
    if (!now) return dlq('unknown-id', `There is no transaction ${message.id}.`);
    if (now.waiting || !isWanted(message, now)) return drop('stale');
    if (message.event === 'compensation-requested') return reverse({ message, isOurs }, type, now);
    return now.blocked ? drop('blocked') : forward({ message, isOurs }, type, now);
  };
}

/** Whether the transaction stands where this event is work; anything else is a duplicate or overtaken. */
function isWanted(message: StageMessage, { state }: Progress): boolean {
  if (message.event === 'compensation-requested') return state === 'compensating';
  return CALLED_FROM[message.data.order].includes(state);
}
