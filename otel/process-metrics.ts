import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Metrics } from './metrics.ts';

const RESOLUTION_MS = 20;

/** What every process tells about itself: memory, CPU, heap, event-loop delay. */
export function observeProcess(metrics: Pick<Metrics, 'gauge' | 'observedCounter'>): void {
  metrics.gauge('process.memory.usage', () => process.memoryUsage.rss());
  metrics.gauge('process.uptime', () => process.uptime());
  metrics.gauge('nodejs.heap.used', () => process.memoryUsage().heapUsed);
  metrics.observedCounter('process.cpu.time', () => {
    const { user, system } = process.cpuUsage();
    return [
      { value: user / 1e6, attributes: { mode: 'user' } },
      { value: system / 1e6, attributes: { mode: 'system' } },
    ];
  });
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  metrics.gauge('nodejs.eventloop.delay.p99', () => {
    // The histogram counts the sampling interval itself as delay.
    const seconds = delay.percentile(99) / 1e9 - RESOLUTION_MS / 1e3;
    delay.reset();
    return Math.max(0, Number.isFinite(seconds) ? seconds : 0);
  });
}
