import { createRequire } from 'node:module';

/**
 * kafkajs 2.2.4 re-arms a timer of each connection for ever (tulios/kafkajs#1704): 24 idle workers would take half of a
 * core. It is meant for throttled queues alone.
 */
export function calmTimers() {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js');
  prototype.scheduleCheckPendingRequests = function () {
    const throttledMs = this.throttledUntil - Date.now();
    if (this.throttleCheckTimeoutId || (throttledMs <= 0 && this.pending.length === 0)) return;
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null;
        this.checkPendingRequests();
      },
      Math.max(10, throttledMs),
    );
  };
}
