/** How many calls are worked on at once, and what becomes of the others. */
export interface GateSettings {
  /** 0 is unlimited. */
  readonly capacity: number;
  readonly overflow: 'queue' | 'refuse';
  readonly queueMax: number;
}

/** Lets calls in up to a capacity. Further ones wait in order of arrival, or are refused. */
export class Gate {
  private settings: GateSettings;
  private readonly waiting: (() => void)[] = [];
  /** Index of the first waiting call: shifting a long array is slow. */
  private head = 0;
  private inside = 0;

  constructor(settings: GateSettings) {
    this.settings = settings;
  }

  get inFlight(): number {
    return this.inside;
  }

  get queued(): number {
    return this.waiting.length - this.head;
  }

  /** Takes effect at once: a greater capacity lets waiting calls in, a smaller one sends nobody out. */
  configure(settings: GateSettings): void {
    this.settings = settings;
    this.admit();
  }

  /** True: let in at once. A promise: waiting. False: refused. Everyone let in must `leave`. */
  enter(): true | false | Promise<true> {
    if (this.hasRoom()) {
      this.inside++;
      return true;
    }
    if (this.settings.overflow === 'refuse' || this.queued >= this.settings.queueMax) return false;
    return new Promise((resolve) => {
      this.waiting.push(() => resolve(true));
    });
  }

  leave(): void {
    this.inside--;
    this.admit();
  }

  private hasRoom(): boolean {
    return this.settings.capacity === 0 || this.inside < this.settings.capacity;
  }

  private admit(): void {
    while (this.head < this.waiting.length && this.hasRoom()) {
      this.inside++;
      this.waiting[this.head++]!();
    }
    if (this.head === this.waiting.length || this.head > 10_000) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
  }
}
