import type { RequestQueue } from './internals.ts';
import { internals } from './internals.ts';

const CHECK_INTERVAL_MS = 10;

/**
 * kafkajs 2.2.4 re-arms a timer with a negative delay for as long as a connection lives: about 880 timers a
 * second each (tulios/kafkajs#1704, #1751). This keeps the timer for what it is for, a throttled queue.
 */
export function patchTimers(): void {
  internals.RequestQueue.prototype.scheduleCheckPendingRequests = scheduleCheckPendingRequests;
}

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
