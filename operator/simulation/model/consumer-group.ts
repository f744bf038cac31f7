import type { GroupState } from '../../scaling/types.ts';
import type { Pod } from './pod.ts';
import { assignRoundRobin } from './pod.ts';
import type { Random } from './random.ts';
import type { Environment } from './scenario.ts';

/**
 * A group under the eager protocol: whenever its members change all of them stop, and go on together when the
 * rebalance is over. Who joins during a rebalance is part of it and prolongs it a little.
 */
export class ConsumerGroup {
  members: Pod[] = [];
  state: GroupState = 'Empty';
  /** Rebalances that came to an end. */
  generation = 0;
  /** Seconds for which partitions stood still, summed over partitions. */
  stoppedPartitionSeconds = 0;
  private until = 0;
  private readonly partitions: number;
  private readonly environment: Environment;
  private readonly random: Random;

  constructor(partitions: number, environment: Environment, random: Random) {
    this.partitions = partitions;
    this.environment = environment;
    this.random = random;
  }

  get consuming(): boolean {
    return this.state === 'Stable';
  }

  /** These members join, or have left (gracefully, offsets committed), at `at`. */
  change(joining: readonly Pod[], leaving: readonly Pod[], at: number): void {
    if (joining.length + leaving.length === 0) return;
    const { rebalance, rebalancePerJoin, initialRebalance } = this.environment;
    const wasEmpty = this.members.length === 0;
    const running = this.state === 'PreparingRebalance';
    this.members = [...this.members.filter((pod) => !leaving.includes(pod)), ...joining];
    for (const pod of joining) pod.joined = true;
    if (this.members.length === 0) {
      this.state = 'Empty';
      return;
    }
    const begins = running ? this.until : at + this.random.between(...rebalance);
    const initial = wasEmpty && !running ? at + initialRebalance : 0;
    const further = running ? joining.length : joining.length - 1;
    this.until = Math.max(begins + rebalancePerJoin * Math.max(0, further), initial);
    this.state = 'PreparingRebalance';
  }

  /** Something outside made every member join again, such as a broker that came back. */
  disturb(at: number): void {
    if (this.members.length === 0) return;
    this.state = 'PreparingRebalance';
    this.until = at + this.random.between(...this.environment.rebalance);
  }

  /** Time goes on to `at`. */
  advance(at: number, stepSeconds: number): void {
    if (this.state !== 'PreparingRebalance') return;
    this.stoppedPartitionSeconds += this.partitions * stepSeconds;
    if (at < this.until) return;
    assignRoundRobin(this.members, this.partitions);
    this.generation++;
    this.state = 'Stable';
  }
}
