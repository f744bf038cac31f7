import { toHeaders } from '../domain/cloud-event.ts';
import { topicOf } from '../domain/events.ts';
import type { DeadLetter, Unreadable } from '../store/port.ts';

/** A dead letter of the relay that holds the event as it is in the database, so that a redrive publishes it once more. */
export function toLetter(of: Unreadable, prefix: string): DeadLetter {
  const { id, key, data, sweeps, cause, message, letters } = of;
  return {
    topic: topicOf(prefix, of.event),
    partition: -1,
    // There is none; this one is new for each burial.
    offset: letters[0]!,
    key: Buffer.from(key),
    value: Buffer.from(data),
    headers: toHeaders({ ...of, transactionId: id }),
    stage: 'relay',
    cause: 'unreadable',
    message:
      `Published ${sweeps} times again, and never read (dead letters ${letters.join(', ')}). ` +
      `The last time: ${cause}: ${message}`,
    attempts: sweeps,
    transactionId: id,
  };
}
