/** A source that can be ended from outside, between two values. */
export interface Stoppable<Value> extends AsyncIterable<Value> {
  /** True once it was ended by the signal, not by the source. */
  readonly stopped: boolean;
}

/** Yields what `source` yields, until it ends or `signal` aborts. */
export function stoppable<Value>(source: AsyncIterable<Value>, signal: AbortSignal): Stoppable<Value> {
  let stopped = false;
  async function* values(): AsyncGenerator<Value> {
    const iterator = source[Symbol.asyncIterator]();
    for (;;) {
      const next = await nextOrStop(iterator, signal);
      if (next === 'stopped') {
        stopped = true;
        return;
      }
      if (next.done) return;
      yield next.value;
    }
  }
  const iterable = values();
  return {
    [Symbol.asyncIterator]: () => iterable,
    get stopped() {
      return stopped;
    },
  };
}

/** No Promise.race with one lasting promise: that would keep every value it ever lost against. */
function nextOrStop<Value>(
  iterator: AsyncIterator<Value>,
  signal: AbortSignal,
): Promise<IteratorResult<Value> | 'stopped'> {
  if (signal.aborted) return Promise.resolve('stopped');
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve('stopped');
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
