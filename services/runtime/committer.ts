import type { Logger } from 'pino';
import type { Consumer } from '../broker/port.ts';
import type { Partitions } from './partitions.ts';
import type { StageMetrics } from './stage-metrics.ts';

export interface CommitterOptions {
  readonly consumer: Pick<Consumer, 'commit'>;
  readonly partitions: Partitions;
  /** The metadata string of a commit (docs/commit-metadata.md). */
  readonly metadata: () => string;
  readonly metrics: StageMetrics;
  readonly log: Logger;
}

const INTERVAL_MS = 200;

/** Commits what has been settled, a few times a second, before each rebalance and once more at the end. */
export class Committer {
  private readonly options: CommitterOptions;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(options: CommitterOptions) {
    this.options = options;
  }

  start(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.commit());
    }, INTERVAL_MS);
  }

  /**
   * Commits at once what has been settled: the group is about to be joined again, and this goes out before. Who has
   * a partition next need not look at it again.
   */
  beforeRejoin(): void {
    void this.commit();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
    await this.commit();
  }

  private async commit(): Promise<void> {
    const { consumer, partitions, metadata, metrics, log } = this.options;
    const commits = partitions.take(metadata);
    if (commits.length === 0) return;
    try {
      await consumer.commit(commits);
      metrics.committed('ok');
    } catch (error) {
      // Mostly a rebalance: the new owner starts at the last commit and finds the duplicates harmless.
      partitions.untake(commits);
      metrics.committed('failed');
      log.debug({ err: error }, 'commit failed');
    }
  }
}
