import { prototypeOf } from './prototype-of.ts';

/**
 * After an outage kafkajs 2.2.4 begins anew with a member id of its own making, while the broker, which has kept
 * the group, waits until the session of the old member is over before it hands out partitions: 10 s in which
 * nothing is consumed. This lets a consumer that could not take its leave come back as the member it was; the
 * broker knows it, or else says so and gives it another id.
 */
interface ConsumerGroup {
  /** One for each consumer, whatever becomes of its connections. */
  readonly cluster: object;
  memberId: string | null;
  connect: Method;
  joinAndSync: Method;
  leave: Method;
}

type Method = (this: ConsumerGroup) => Promise<void>;

const memberIds = new WeakMap<object, string>();
let patched = false;

/** @throws Error when this is not the kafkajs the patch was written for */
export function patchRejoin(): void {
  if (patched) return;
  const methods = ['connect', 'joinAndSync', 'leave'] as const;
  const prototype = prototypeOf<ConsumerGroup>('rejoin', 'consumer/consumerGroup.js', methods);
  const { connect, joinAndSync, leave } = prototype;

  // Called once in the life of a ConsumerGroup, of which there is a new one after each crash.
  prototype.connect = async function () {
    await connect.call(this);
    this.memberId ??= memberIds.get(this.cluster) ?? null;
  };
  prototype.joinAndSync = async function () {
    await joinAndSync.call(this);
    if (this.memberId !== null) memberIds.set(this.cluster, this.memberId);
  };
  prototype.leave = async function () {
    await leave.call(this);
    memberIds.delete(this.cluster);
  };
  patched = true;
}
