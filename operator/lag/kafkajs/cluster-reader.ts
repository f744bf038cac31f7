import type { LagRequest } from '../../loop/ports.ts';
import type { KnownLag, LagReading } from '../../scaling/types.ts';
import type { Findings } from '../assemble.ts';
import { assemble } from '../assemble.ts';
import { BeginOffsets } from '../begin-offsets.ts';
import type { Deadline } from '../deadline.ts';
import { deadlineIn } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure } from '../failure.ts';
import { inWords } from '../in-words.ts';
import type { ClusterOptions } from './cluster.ts';
import { Cluster } from './cluster.ts';
import type { Wanted } from './committed-offsets.ts';
import type { GroupFindings } from './groups.ts';
import { readGroups } from './groups.ts';
import type { OffsetFindings } from './offsets.ts';
import { readOffsets } from './offsets.ts';

export interface ClusterReaderOptions extends ClusterOptions {
  /** From the begin of a read to its end, whatever happens. */
  readonly readTimeoutMs: number;
}

const METADATA_MAX_AGE_MS = 10_000;
const BEGIN_MAX_AGE_MS = 30_000;
/** How much of the time is over when each step has to end, so that the steps after it still have some. */
const METADATA_SHARE = 0.4;
const GROUPS_SHARE = 0.7;

interface Deadlines {
  readonly metadata: Deadline;
  readonly groups: Deadline;
  readonly offsets: Deadline;
}

/**
 * Reads the lag of many groups of one cluster: one OffsetFetch and one DescribeGroups per coordinator, one ListOffsets
 * per leader; every 10 s also Metadata, every 30 s the begin offsets. So it takes O(brokers) requests, however many
 * groups there are.
 */
export class ClusterReader {
  private readonly options: ClusterReaderOptions;
  private readonly cluster: Cluster;
  private readonly begins = new BeginOffsets(BEGIN_MAX_AGE_MS);

  constructor(options: ClusterReaderOptions) {
    this.options = options;
    this.cluster = new Cluster(options);
  }

  /** One reading for each request, by scaler. */
  async read(requests: readonly LagRequest[]): Promise<ReadonlyMap<string, LagReading>> {
    const startedMs = this.options.now();
    const deadlines = deadlinesIn(this.options.readTimeoutMs);
    try {
      const found = await this.pass(requests, deadlines);
      const stale = requests.filter(({ scaler }) => isStale(found.get(scaler)));
      if (stale.length > 0 && this.cluster.metadataReadAtMs < startedMs) {
        // A leader or a coordinator has moved: look again, at once, for those only.
        await this.cluster.refresh(topicsOf(requests), deadlines.offsets).catch(() => {});
        for (const [scaler, got] of await this.pass(stale, deadlines)) found.set(scaler, got);
      }
      return new Map([...found].map(([scaler, got]) => [scaler, this.toReading(got)]));
    } finally {
      for (const deadline of Object.values(deadlines) as Deadline[]) deadline.clear();
    }
  }

  close(): void {
    this.cluster.close();
  }

  private toReading(got: Got<KnownLag>): LagReading {
    if (!(got instanceof ReadFailure)) return got;
    return { kind: 'unknown', reason: got.reason, message: inWords(got, this.options.connection) };
  }

  private async pass(
    requests: readonly LagRequest[],
    deadlines: Deadlines,
  ): Promise<Map<string, Got<KnownLag>>> {
    const topics = topicsOf(requests);
    const failure = await this.refreshIfDue(topics, deadlines.metadata);
    if (failure) return new Map(requests.map(({ scaler }) => [scaler, failure]));
    // The commits first: what is written between the two counts as lag, and no commit lies beyond the end.
    const groups = await readGroups(this.cluster, this.wanted(requests), deadlines.groups);
    const offsets = await readOffsets(this.cluster, topics, this.begins, {
      deadline: deadlines.offsets,
      nowMs: this.options.now(),
    });
    const findings = this.findings(groups, offsets);
    return new Map(requests.map((request) => [request.scaler, assemble(request, findings)]));
  }

  /** What was read before serves on when it cannot be read anew. */
  private async refreshIfDue(
    topics: readonly string[],
    deadline: Deadline,
  ): Promise<ReadFailure | undefined> {
    const ageMs = this.options.now() - this.cluster.metadataReadAtMs;
    if (ageMs < METADATA_MAX_AGE_MS && this.cluster.isWhole(topics)) return undefined;
    try {
      await this.cluster.refresh(topics, deadline);
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error;
      if (this.cluster.metadataReadAtMs === -Infinity) return error;
    }
    return undefined;
  }

  private wanted(requests: readonly LagRequest[]): Map<string, Wanted> {
    const groups = new Map<string, Map<string, readonly number[]>>();
    for (const { consumerGroup, topics } of requests) {
      const wanted = groups.get(consumerGroup) ?? new Map<string, readonly number[]>();
      groups.set(consumerGroup, wanted);
      for (const topic of topics) {
        const partitions = this.partitions(topic);
        if (!(partitions instanceof ReadFailure)) wanted.set(topic, partitions);
      }
    }
    return groups;
  }

  private partitions(topic: string): Got<readonly number[]> {
    const leaders = this.cluster.leaders(topic);
    return leaders instanceof ReadFailure ? leaders : [...leaders.keys()];
  }

  private findings({ states, committed }: GroupFindings, { begins, ends }: OffsetFindings): Findings {
    const missing = (what: string): ReadFailure =>
      new ReadFailure('OffsetsIncomplete', `${what} is missing in the answer`);
    const leaderless = (topic: string, partition: number): ReadFailure | undefined => {
      const leaders = this.cluster.leaders(topic);
      const leader = leaders instanceof ReadFailure ? leaders : leaders.get(partition);
      return leader instanceof ReadFailure ? leader : undefined;
    };
    return {
      partitions: (topic) => this.partitions(topic),
      group: (group) => states.get(group) ?? missing(`the state of ${group}`),
      committed: (group, topic, partition) => {
        const of = committed.get(group);
        if (of instanceof ReadFailure) return of;
        return of?.get(topic, partition) ?? missing(`the offset of ${group} on ${topic}/${partition}`);
      },
      begin: (topic, partition) =>
        begins.get(topic, partition) ?? missing(`the begin of ${topic}/${partition}`),
      end: (topic, partition) =>
        leaderless(topic, partition) ??
        ends.get(topic, partition) ??
        missing(`the end of ${topic}/${partition}`),
    };
  }
}

function deadlinesIn(ms: number): Deadlines {
  return {
    metadata: deadlineIn(ms * METADATA_SHARE),
    groups: deadlineIn(ms * GROUPS_SHARE),
    offsets: deadlineIn(ms),
  };
}

function isStale(got: Got<KnownLag> | undefined): boolean {
  return got instanceof ReadFailure && got.stale;
}

function topicsOf(requests: readonly LagRequest[]): string[] {
  return [...new Set(requests.flatMap(({ topics }) => topics))];
}
