import type { LagRequest, LagSource } from '../../operator/loop/ports.ts';
import type { LagReading, PartitionReading, UnknownReason } from '../../operator/scaling/types.ts';

/** What a consumer group goes through, as a test tells it. */
export interface Load {
  readonly perSecond: number;
  /** Records per second that one replica can settle. */
  readonly capacity: number;
  readonly partitions?: number;
  /** Seconds that the oldest record has been waiting. Default 0.1. */
  readonly waitSeconds?: number;
}

interface Progress {
  at: number;
  written: number;
  busySeconds: number;
}

/** A LagSource without Kafka: offsets grow with the clock, at the rate that each scaler's script says. */
export class ScriptedLag implements LagSource {
  reads = 0;
  private readonly scripts = new Map<string, Load | UnknownReason>();
  private readonly progress = new Map<string, Progress>();

  /** From now on. Scalers without a script are idle. */
  set(scaler: string, script: Load | UnknownReason): void {
    this.scripts.set(scaler, script);
  }

  async read(requests: readonly LagRequest[]): Promise<ReadonlyMap<string, LagReading>> {
    this.reads++;
    return new Map(requests.map((request) => [request.scaler, this.readOne(request)]));
  }

  async close(): Promise<void> {}

  private readOne({ scaler, topics }: LagRequest): LagReading {
    const script = this.scripts.get(scaler) ?? { perSecond: 0, capacity: 1 };
    const progress = this.advance(scaler, typeof script === 'string' ? 0 : script.perSecond, script);
    if (typeof script === 'string')
      return { kind: 'unknown', reason: script, message: `${script} by script` };
    const { partitions = 12, perSecond, waitSeconds = 0.1 } = script;
    const each = (total: number, partition: number): number => Math.floor((total + partition) / partitions);
    const settled = Math.max(0, progress.written - perSecond * waitSeconds);
    const load = {
      replica: 'scripted',
      busySeconds: progress.busySeconds,
      settled: Math.floor(settled),
      inFlight: 1,
    };
    const readings = Array.from({ length: partitions }, (_, partition): PartitionReading => ({
      topic: topics[0]!,
      partition,
      begin: 0,
      end: each(progress.written, partition),
      committed: each(settled, partition),
      load,
    }));
    const members = [{ id: 'scripted', assigned: undefined }];
    return { kind: 'known', group: { state: 'Stable', members }, partitions: readings };
  }

  private advance(scaler: string, perSecond: number, script: Load | UnknownReason): Progress {
    const now = performance.now() / 1_000;
    const progress = this.progress.get(scaler) ?? { at: now, written: 0, busySeconds: 0 };
    const elapsed = now - progress.at;
    progress.at = now;
    progress.written += perSecond * elapsed;
    if (typeof script !== 'string') progress.busySeconds += (perSecond * elapsed) / script.capacity;
    this.progress.set(scaler, progress);
    return progress;
  }
}
