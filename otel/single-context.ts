import type { Context, Span } from '@opentelemetry/api';
import { INVALID_SPAN_CONTEXT, ROOT_CONTEXT, trace } from '@opentelemetry/api';

/**
 * A context with one value. Those that ROOT_CONTEXT gives have a map and three closures each: to make one costs more
 * than the span that it is for.
 */
export class SingleContext implements Context {
  private readonly key: symbol;
  private readonly value: unknown;

  constructor(key: symbol, value: unknown) {
    this.key = key;
    this.value = value;
  }

  getValue(key: symbol): unknown {
    return key === this.key ? this.value : undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    return ROOT_CONTEXT.setValue(this.key, this.value).setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return key === this.key ? ROOT_CONTEXT : this;
  }
}

/** Where the API keeps the active span: it does not say so, but uses it on any context. */
const SPAN = keyOfSpan();

function keyOfSpan(): symbol {
  let used: symbol | undefined;
  const setValue = (key: symbol): Context => {
    used = key;
    return ROOT_CONTEXT;
  };
  trace.setSpan({ ...ROOT_CONTEXT, setValue }, trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  return used!;
}

/** As `trace.setSpan(ROOT_CONTEXT, span)`. */
export function contextOf(span: Span): Context {
  return new SingleContext(SPAN, span);
}
