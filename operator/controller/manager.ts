/** Something with a lifecycle. */
export interface Runnable {
  readonly name: string;
  start(): void | Promise<void>;
  stop(): void | Promise<void>;
}

/** Starts its parts one after the other, and stops them in reverse. */
export class Manager {
  private readonly parts: readonly Runnable[];
  private readonly started: Runnable[] = [];

  constructor(parts: readonly Runnable[]) {
    this.parts = parts;
  }

  /** When a part does not start, those that have are stopped, and its error is thrown. */
  async start(): Promise<void> {
    try {
      for (const part of this.parts) {
        this.started.push(part);
        await part.start();
      }
    } catch (error) {
      await this.stop().catch(() => {});
      throw error;
    }
  }

  /** Stops all, whatever fails. @throws AggregateError */
  async stop(): Promise<void> {
    const errors: unknown[] = [];
    for (const part of this.started.splice(0).toReversed()) {
      try {
        await part.stop();
      } catch (error) {
        errors.push(new Error(`${part.name} did not stop in order`, { cause: error }));
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'some parts did not stop in order');
  }
}
