import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lock } from './lock.ts';
import { LockedError, acquireLock } from './lock.ts';

/** A port that was asked for by name is taken. The process exits with code 2. */
export class PortInUseError extends Error {
  readonly code = 'port-in-use';

  constructor(name: string, port: number) {
    super(
      `${name}=${port}: the port is in use on 127.0.0.1. Free it, or leave ${name} out to have one chosen.`,
    );
  }
}

export interface PortWish {
  /** Variable or option by which a user sets it. */
  readonly name: string;
  /** What the user asked for; then this or nothing. */
  readonly explicit?: number | undefined;
  /** Taken when it is free. */
  readonly preferred?: number | undefined;
}

/** Below the range from which Linux and macOS take the ports of outgoing connections. */
const RANGE = { from: 20_000, to: 32_000 };

/** Where the processes of one user say which ports they have chosen and not bound yet. */
const RESERVATIONS = join(tmpdir(), `sluice-ports-${process.getuid?.() ?? 'user'}`);

/**
 * Hands out free ports of 127.0.0.1, none of them twice. Between the choice and the moment when a server binds
 * its port pass seconds; a reservation keeps other stacks of this machine from choosing the same meanwhile.
 */
export class PortAllocator {
  private readonly given = new Map<number, Lock | undefined>();
  private next = randomInt(RANGE.from, RANGE.to);

  /** @throws PortInUseError when the port that was asked for is taken */
  async take(wish: PortWish): Promise<number> {
    if (wish.explicit !== undefined && wish.explicit !== 0) {
      if (!(await this.claim(wish.explicit, 'ours'))) throw new PortInUseError(wish.name, wish.explicit);
      return wish.explicit;
    }
    if (wish.preferred !== undefined && (await this.claim(wish.preferred))) return wish.preferred;
    return this.any();
  }

  async any(): Promise<number> {
    for (let tried = RANGE.from; tried < RANGE.to; tried++) {
      const port = this.next;
      this.next = port + 1 >= RANGE.to ? RANGE.from : port + 1;
      if (await this.claim(port)) return port;
    }
    throw new Error(`No free port between ${RANGE.from} and ${RANGE.to}.`);
  }

  async release(port: number): Promise<void> {
    const reservation = this.given.get(port);
    this.given.delete(port);
    await reservation?.release();
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.given.keys()].map((port) => this.release(port)));
  }

  /** A port that was asked for may have been reserved by this very process, which then handed it on. */
  private async claim(port: number, reserved?: 'ours'): Promise<boolean> {
    if (this.given.has(port)) return false;
    this.given.set(port, undefined);
    const reservation = await reserve(port);
    const mine = typeof reservation === 'object' || (reservation === 'ours' && reserved === 'ours');
    if (typeof reservation === 'object') this.given.set(port, reservation);
    if (mine && (await canListen(port))) return true;
    await this.release(port);
    return false;
  }
}

async function reserve(port: number): Promise<Lock | 'ours' | 'others'> {
  try {
    return await acquireLock(join(RESERVATIONS, String(port)));
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    return error.holder.pid === process.pid ? 'ours' : 'others';
  }
}

/** Tries all interfaces as well: a server on 0.0.0.0 does not stop one on 127.0.0.1 everywhere. */
async function canListen(port: number): Promise<boolean> {
  return (await tryListen(port, '127.0.0.1')) && (await tryListen(port, '0.0.0.0'));
}

function tryListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
