import { Heartbeats } from './heartbeats.ts';
import { prototypeOf } from './prototype-of.ts';

/**
 * In kafkajs 2.2.4 a member stops working as soon as it hears of a rebalance, and stands still until the last of the
 * group has heard of it too. With this it works on for a moment, and joins again at the same time as the others
 * (see `Heartbeats`).
 */
interface ConsumerGroup {
  readonly groupId: string;
  heartbeat: (this: ConsumerGroup, options: { readonly interval: number }) => Promise<void>;
  joinAndSync: (this: ConsumerGroup) => Promise<void>;
}

const all = new WeakMap<ConsumerGroup, Heartbeats>();
let patched = false;

/** @throws Error when this is not the kafkajs the patch was written for */
export function patchHeartbeat(): void {
  if (patched) return;
  const methods = ['heartbeat', 'joinAndSync'] as const;
  const prototype = prototypeOf<ConsumerGroup>('heartbeat', 'consumer/consumerGroup.js', methods);
  const { heartbeat, joinAndSync } = prototype;

  prototype.heartbeat = async function ({ interval }) {
    const heartbeats = heartbeatsOf(this, interval);
    if (!heartbeats.isDue(Date.now())) return;
    try {
      await heartbeat.call(this, { interval: 0 });
    } catch (error) {
      if (!tellsOfRebalance(error) || !heartbeats.holdsAfterRebalance()) throw error;
    }
  };
  prototype.joinAndSync = async function () {
    await joinAndSync.call(this).finally(() => all.get(this)?.joined());
  };
  patched = true;
}

function heartbeatsOf(group: ConsumerGroup, intervalMs: number): Heartbeats {
  const known = all.get(group);
  if (known) return known;
  const heartbeats = new Heartbeats(group.groupId, intervalMs);
  all.set(group, heartbeats);
  return heartbeats;
}

function tellsOfRebalance(error: unknown): boolean {
  return error instanceof Error && 'type' in error && error.type === 'REBALANCE_IN_PROGRESS';
}
