import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LeaderElectorOptions } from './leader-elector.ts';
import { LeaderElector } from './leader-elector.ts';
import type { HeldLease, LeaseLock } from './lease-lock.ts';
import { VirtualTime } from './virtual-time.fixture.ts';

/** A Lease in memory that, as the API server does, accepts only writes that name the latest version. */
class MemoryLease implements LeaseLock {
  lease: HeldLease | undefined;
  writes = 0;

  async read(): Promise<HeldLease | undefined> {
    return this.lease;
  }

  async write(record: HeldLease['record'], version: string | undefined): Promise<HeldLease> {
    if (version !== this.lease?.version) throw new Error('conflict');
    this.lease = { record, version: String(++this.writes) };
    return this.lease;
  }
}

const LEASE = { leaseMs: 10_000, renewDeadlineMs: 7_000, retryMs: 2_000 };

function elector(time: VirtualTime, lock: LeaseLock, options: Partial<LeaderElectorOptions> = {}) {
  const sleep = (ms: number, signal: AbortSignal): Promise<void> => time.sleep(ms, signal);
  return new LeaderElector({ lock, identity: 'a', now: () => time.now, sleep, ...LEASE, ...options });
}

/** Reached over a network that can be cut. */
function wire(lock: LeaseLock): LeaseLock & { cut: boolean } {
  const self = {
    cut: false,
    read: async (timeoutMs: number) => (await reachable(), lock.read(timeoutMs)),
    write: async (...args: Parameters<LeaseLock['write']>) => (await reachable(), lock.write(...args)),
  };
  const reachable = async (): Promise<void> => {
    if (self.cut) throw new Error('no answer');
  };
  return self;
}

describe('an elector', () => {
  test('that is alone leads at once, and keeps leading', async () => {
    const time = new VirtualTime();
    const one = elector(time, new MemoryLease());
    one.start();
    await time.advance(0);
    expect(one.isLeader()).toBe(true);
    await time.advance(60_000);
    expect(one.isLeader()).toBe(true);
  });

  test('waits for another, and takes over within 12 s of its death', async () => {
    const time = new VirtualTime();
    const lease = new MemoryLease();
    const line = wire(lease);
    const first = elector(time, line, { identity: 'first' });
    const second = elector(time, lease, { identity: 'second' });
    first.start();
    await time.advance(100);
    second.start();
    await time.advance(30_000);
    expect([first.isLeader(), second.isLeader()]).toEqual([true, false]);
    line.cut = true;
    const died = time.now;
    while (!second.isLeader() && time.now < died + 60_000) await time.advance(100);
    expect(time.now - died).toBeLessThanOrEqual(12_100);
    expect(lease.lease?.record).toMatchObject({ holder: 'second', transitions: 1 });
  });

  test('that cannot renew stops writing before another may begin', async () => {
    const time = new VirtualTime();
    const lease = new MemoryLease();
    const line = wire(lease);
    const first = elector(time, line, { identity: 'first' });
    const second = elector(time, lease, { identity: 'second' });
    first.start();
    await time.advance(100);
    second.start();
    await time.advance(1_000);
    expect(first.isLeader()).toBe(true);
    line.cut = true;
    while (first.isLeader()) await time.advance(100);
    expect(second.isLeader()).toBe(false);
    expect(first.writeWithinMs()).toBe(0);
  });

  test('that gives the Lease back is followed within the time of one attempt', async () => {
    const time = new VirtualTime();
    const lease = new MemoryLease();
    const first = elector(time, lease, { identity: 'first' });
    const second = elector(time, lease, { identity: 'second' });
    first.start();
    await time.advance(100);
    second.start();
    await time.advance(5_000);
    const stopped = first.stop();
    await time.advance(0);
    await stopped;
    expect(first.isLeader()).toBe(false);
    await time.advance(2_000);
    expect(second.isLeader()).toBe(true);
  });

  test('does not care what the clock of another says', async () => {
    const time = new VirtualTime();
    const lease = new MemoryLease();
    const ahead = elector(time, lease, { identity: 'ahead', date: () => new Date('2099-01-01') });
    const behind = elector(time, lease, { identity: 'behind', date: () => new Date('1999-01-01') });
    ahead.start();
    await time.advance(100);
    behind.start();
    await time.advance(60_000);
    expect([ahead.isLeader(), behind.isLeader()]).toEqual([true, false]);
  });

  test('that was started anew does not take the Lease of its predecessor for its own', async () => {
    const time = new VirtualTime();
    const lease = new MemoryLease();
    const line = wire(lease);
    elector(time, line, { identity: 'pod_1' }).start();
    await time.advance(100);
    line.cut = true;
    const anew = elector(time, lease, { identity: 'pod_2' });
    anew.start();
    await time.advance(9_000);
    expect(anew.isLeader()).toBe(false);
    await time.advance(3_000);
    expect(anew.isLeader()).toBe(true);
  });

  test('tells of every change, once', async () => {
    const time = new VirtualTime();
    const told: boolean[] = [];
    const line = wire(new MemoryLease());
    const one = elector(time, line, { onChange: (leading) => void told.push(leading) });
    one.start();
    await time.advance(20_000);
    line.cut = true;
    await time.advance(20_000);
    line.cut = false;
    await time.advance(20_000);
    expect(told).toEqual([true, false, true]);
  });
});

test('two never lead at once, whatever of the network fails and however clocks of processes stand still', async () => {
  const event = fc.record({
    who: fc.nat({ max: 2 }),
    what: fc.constantFrom('cut' as const, 'join' as const),
    afterMs: fc.integer({ min: 50, max: 9_000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 20 }), async (events) => {
      const time = new VirtualTime();
      const lease = new MemoryLease();
      const lines = Array.from({ length: 3 }, () => wire(lease));
      const all = lines.map((line, index) => elector(time, line, { identity: `e${index}` }));
      for (const one of all) one.start();
      for (const { who, what, afterMs } of [...events, { who: 0, what: 'join' as const, afterMs: 0 }]) {
        for (let passed = 0; passed < afterMs; passed += 250) {
          await time.advance(250);
          expect(all.filter((one) => one.isLeader()).length).toBeLessThanOrEqual(1);
        }
        lines[who]!.cut = what === 'cut';
      }
      for (const line of lines) line.cut = false;
      await time.advance(15_000);
      expect(all.filter((one) => one.isLeader()).length).toBe(1);
    }),
    { numRuns: 60 },
  );
}, 60_000);
