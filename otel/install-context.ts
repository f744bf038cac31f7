import type { TextMapPropagator } from '@opentelemetry/api';
import { context, propagation } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { AsyncContextManager } from './context-manager.ts';

const W3C: Readonly<Record<string, () => TextMapPropagator>> = {
  tracecontext: () => new W3CTraceContextPropagator(),
  baggage: () => new W3CBaggagePropagator(),
};

/**
 * Sets, for this process, what keeps the active context, and the propagators that OTEL_PROPAGATORS names, by default
 * those of the W3C. For others (b3) the SDK for Node is loaded, which knows them all, and every exporter as well: 6 MB of the heap.
 */
export async function installContext(propagators: string | undefined): Promise<void> {
  const contextManager = new AsyncContextManager();
  const names = (propagators?.trim() || 'tracecontext,baggage').split(',').map((name) => name.trim());
  const known = names.flatMap((name) => W3C[name] ?? []);
  if (known.length === names.length) {
    context.setGlobalContextManager(contextManager);
    const created = known.map((create) => create());
    propagation.setGlobalPropagator(new CompositePropagator({ propagators: created }));
    return;
  }
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  new NodeSDK({
    autoDetectResources: false,
    contextManager,
    spanProcessors: [],
    metricReaders: [],
    logRecordProcessors: [],
  }).start();
}
