import { knownLag, running, spec } from './test-observations.ts';
import type { ReplicaLoad, ScalerObservation, ScalerSpec } from './types.ts';

/**
 * A stage for tests: records come evenly or by chance, replicas settle them at a fixed rate, and everything that is
 * asked for is there at the next look. The simulator is the realistic one.
 */
export class TestStage {
  readonly spec: ScalerSpec;
  readonly ends: number[];
  readonly positions: number[];
  replicas: number;
  ready: number;
  generation = 0;
  revision = '1';
  perReplica: number;
  tellsLoad = true;
  private readonly busy = new Map<number, { busySeconds: number; settled: number }>();

  constructor(
    given: Partial<ScalerSpec> = {},
    options: { replicas?: number; partitions?: number; perReplica?: number } = {},
  ) {
    this.spec = spec(given);
    const { replicas = 1, partitions = 24, perReplica = 40 } = options;
    this.replicas = replicas;
    this.ready = replicas;
    this.perReplica = perReplica;
    this.ends = Array.from({ length: partitions }, () => 1_000);
    this.positions = [...this.ends];
  }

  /** `arrive` records come, spread over the partitions, and replicas work for `seconds`. */
  run(seconds: number, arrive: number): void {
    const partitions = this.ends.length;
    for (let index = 0; index < arrive; index++) this.ends[index % partitions]! += 1;
    for (let replica = 0; replica < this.ready; replica++) this.work(replica, seconds);
  }

  get settled(): number {
    return this.positions.reduce((sum, position) => sum + position, 0);
  }

  /** What was asked for is there. */
  scale(replicas: number): void {
    if (replicas !== this.replicas) {
      this.generation++;
      this.busy.clear();
    }
    this.replicas = replicas;
    this.ready = replicas;
  }

  observe(): ScalerObservation {
    const { ends, positions, generation, ready } = this;
    const loads = ends.map((_, partition) =>
      this.tellsLoad && ready > 0 ? this.loadOf(partition % ready) : undefined,
    );
    const state = ready === 0 ? 'Empty' : 'Stable';
    return {
      spec: this.spec,
      lag: knownLag({ ends: [...ends], committed: [...positions], loads, members: ready, generation, state }),
      replicas: running(this.replicas, { ready, revision: this.revision }),
    };
  }

  private work(replica: number, seconds: number): void {
    let left = Math.floor(this.perReplica * seconds);
    const load = this.busy.get(replica) ?? { busySeconds: 0, settled: 0 };
    const all = left;
    for (let found = true; left > 0 && found;) {
      found = false;
      for (let partition = replica; partition < this.ends.length && left > 0; partition += this.ready) {
        if (this.positions[partition]! >= this.ends[partition]!) continue;
        this.positions[partition]! += 1;
        left--;
        found = true;
      }
    }
    load.settled += all - left;
    load.busySeconds += (all - left) / this.perReplica;
    this.busy.set(replica, load);
  }

  private loadOf(replica: number): ReplicaLoad {
    const { busySeconds, settled } = this.busy.get(replica) ?? { busySeconds: 0, settled: 0 };
    return { replica: `${this.generation}-${replica}`, busySeconds, settled, inFlight: 0 };
  }
}
