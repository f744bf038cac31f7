import { prototypeOf } from './prototype-of.ts';

/**
 * kafkajs 2.2.4 re-arms a timer with a negative delay for as long as a connection lives: about 880 timers a
 * second each (tulios/kafkajs#1704, #1751). This keeps the timer for what it is for, a throttled queue.
 * Patched at run time because install scripts may be off (`npm ci --ignore-scripts`).
 */
interface RequestQueue {
  throttledUntil: number;
  throttleCheckTimeoutId: NodeJS.Timeout | null;
  readonly pending: readonly unknown[];
  checkPendingRequests(): void;
  scheduleCheckPendingRequests(): void;
}

const CHECK_INTERVAL_MS = 10;

function scheduleCheckPendingRequests(this: RequestQueue): void {
  if (this.throttleCheckTimeoutId) return;
  const throttledMs = this.throttledUntil - Date.now();
  if (throttledMs <= 0 && this.pending.length === 0) return;
  this.throttleCheckTimeoutId = setTimeout(
    () => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    },
    throttledMs > 0 ? throttledMs : CHECK_INTERVAL_MS,
  );
}

/** @throws Error when this is not the kafkajs the patch was written for */
export function patchTimers(): void {
  const methods = ['scheduleCheckPendingRequests'] as const;
  const prototype = prototypeOf<RequestQueue>('timer', 'network/requestQueue/index.js', methods);
  prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
}
