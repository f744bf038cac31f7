import type { EventData } from '../../domain/events.ts';
import { MicroBatcher } from '../../runtime/micro-batcher.ts';
import type { Step } from '../../runtime/step.ts';
import { dlq, drop, ok } from '../../runtime/step.ts';
import type { Answer, StageStore } from '../../store/port.ts';
import type { Registry } from '../../transactions/registry.ts';

export interface PersistOptions {
  readonly registry: Registry;
  readonly store: Pick<StageStore, 'responses'>;
}

/**
 * The stage `persist`: saves the remote's response in the business tables and ends the transaction as `done`.
 *
 * In fan-out it is the join: both `validated` and `remote-responded` come here, in either order. The one that
 * comes first finds the transaction not yet `processed` and changes nothing; the second completes it.
 */
export function createPersistStep({ registry, store }: PersistOptions): Step {
  const stored = new MicroBatcher<string, Answer | 'unknown'>({
    name: 'responses',
    flush: async (ids) => {
      const found = await store.responses(ids);
      return ids.map((id) => (found.has(id) ? found.get(id) : 'unknown'));
    },
  });
  return async function persistStep(message) {
    const { id, key, order, type: name } = message.data;
    const type = registry.get(name);
    if (!type) return dlq('unknown-type', `There is no transaction type ${JSON.stringify(name)} here.`);
    const answer =
      message.event === 'remote-responded'
        ? (message.data as EventData['remote-responded'])
        : await stored.add(id, message.traceparent);
    if (answer === 'unknown') return dlq('unknown-id', `There is no transaction ${id}.`);
    if (!answer) return drop('stale');
    const data: EventData['done'] = { id, key, type: name, order, result: type.toResult(answer.response) };
    return ok({ event: 'done', data: JSON.stringify(data), attempt: 1, settleSql: type.settleSql });
  };
}
