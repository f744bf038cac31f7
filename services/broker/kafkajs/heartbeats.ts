import { crc32 } from 'node:zlib';

/** Beats that a member works on for, after the one in which it heard of a rebalance. */
const HELD_BEATS = 2;

/**
 * When a member of a group sends its heartbeats, and when it joins again after one of them told it of a rebalance.
 *
 * Time is cut into beats of one heartbeat interval, and all members of a group cut it in the same way, as far as
 * their clocks agree: so they hear of a rebalance in the same beat, and join again in the same beat. Between the two
 * they work on. The broker allows it: until all have joined again they hold the old generation, whose fetches and
 * commits count. Who joins meanwhile is part of the same rebalance. Only one who joins late makes all others wait.
 */
export class Heartbeats {
  private readonly intervalMs: number;
  private readonly phaseMs: number;
  private beat = NaN;
  /** The beat to join again in. */
  private rejoin: number | undefined;

  /** @param group its name moves the beats, so that not all groups of a broker beat at the same moment */
  constructor(group: string, intervalMs: number) {
    this.intervalMs = intervalMs;
    this.phaseMs = Math.floor((crc32(group) / 2 ** 32) * intervalMs);
  }

  /**
   * True once in each beat, at the first call; never while the member works on.
   * @param nowMs unix ms
   */
  isDue(nowMs: number): boolean {
    const beat = Math.floor((nowMs - this.phaseMs) / this.intervalMs);
    if (beat === this.beat) return false;
    this.beat = beat;
    return !this.holds();
  }

  /** The heartbeat that was due has told of a rebalance. True: work on; false: it is time to join again. */
  holdsAfterRebalance(): boolean {
    this.rejoin ??= this.beat + HELD_BEATS;
    return this.holds();
  }

  /** The group has been joined again, or could not be. */
  joined(): void {
    this.rejoin = undefined;
  }

  /** A clock that was put back must not make a member wait for the time to come again. */
  private holds(): boolean {
    if (this.rejoin === undefined) return false;
    const left = this.rejoin - this.beat;
    return left > 0 && left <= HELD_BEATS;
  }
}
