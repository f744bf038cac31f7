import { describe, expect, test } from 'vitest';
import type { Load, RefusalReason, RequestKind } from './admission.ts';
import { refuse } from './admission.ts';

const LIMITS = { queueMax: 100, queueWaitMaxMs: 1_000, outboxAgeMaxSeconds: 900, eventLoopDelayMaxMs: 500 };
const IDLE: Load = {
  queued: 0,
  oldestWaitMs: 0,
  syncWaitMs: 0,
  outboxAgeSeconds: 0,
  eventLoopDelayMs: 0,
  stopping: false,
};

const cases: readonly [string, Partial<Load>, RequestKind, RefusalReason | undefined][] = [
  ['idle', {}, 'submit', undefined],
  ['one below every limit', { queued: 99, oldestWaitMs: 1_000, outboxAgeSeconds: 900 }, 'submit', undefined],
  ['queue full', { queued: 100 }, 'submit', 'queue-full'],
  ['queue slow', { queued: 1, oldestWaitMs: 1_001 }, 'submit', 'queue-slow'],
  ['outbox old', { outboxAgeSeconds: 901 }, 'submit', 'outbox-old'],
  ['event loop late', { eventLoopDelayMs: 501 }, 'submit', 'event-loop'],
  ['event loop late', { eventLoopDelayMs: 501 }, 'sync', 'event-loop'],
  ['event loop late', { eventLoopDelayMs: 501 }, 'read', undefined],
  ['queue full and outbox old', { queued: 100, outboxAgeSeconds: 901 }, 'sync', undefined],
  ['sync at its limit', { syncWaitMs: 1_000 }, 'sync', undefined],
  ['sync slow', { syncWaitMs: 1_001 }, 'sync', 'queue-slow'],
  ['sync slow', { syncWaitMs: 1_001 }, 'submit', undefined],
  ['queue full and outbox old', { queued: 100, outboxAgeSeconds: 901 }, 'read', undefined],
  ['stopping', { stopping: true }, 'submit', 'stopping'],
  ['stopping', { stopping: true }, 'sync', 'stopping'],
  ['stopping', { stopping: true }, 'read', undefined],
];

describe('refuse', () => {
  test.each(cases)('%s %j: %s is refused for %s', (_name, load, kind, reason) => {
    expect(refuse(kind, { ...IDLE, ...load }, LIMITS)?.reason).toBe(reason);
  });
});
