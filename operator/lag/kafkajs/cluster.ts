import type { Address, KafkaConnection, RequestListener } from '../connection.ts';
import type { Deadline } from '../deadline.ts';
import type { Got } from '../failure.ts';
import { ReadFailure, asFailure } from '../failure.ts';
import type { Api } from './broker-link.ts';
import { BrokerLink } from './broker-link.ts';
import type { Coordinator } from './coordinators.ts';
import { coordinatorsOf } from './coordinators.ts';
import { failureOf } from './protocol-failure.ts';
import type { MetadataReply } from './replies.ts';

export interface ClusterOptions {
  readonly connection: KafkaConnection;
  readonly onRequest: RequestListener;
  readonly now: () => number;
  readonly random: () => number;
}

/** Where the partitions of a topic are: by partition, the node that leads it, or why none does. */
export type TopicLeaders = ReadonlyMap<number, Got<number>>;

/** What is known of one Kafka cluster, and the connections to its brokers: one to each, for everybody. */
export class Cluster {
  private readonly options: ClusterOptions;
  private readonly links = new Map<string, BrokerLink>();
  private nodes = new Map<number, Address>();
  private topics = new Map<string, Got<TopicLeaders>>();
  private readonly coordinators = new Map<string, number>();
  private readAtMs = -Infinity;
  /** Of the last refresh. */
  private failure: ReadFailure | undefined;

  constructor(options: ClusterOptions) {
    this.options = options;
  }

  /** Of `options.now`. */
  get metadataReadAtMs(): number {
    return this.readAtMs;
  }

  /** Asks any broker for the leaders of these topics. @throws ReadFailure when none answers */
  async refresh(topics: readonly string[], deadline: Deadline): Promise<void> {
    const { brokers, topicMetadata } = await this.askAny((link) =>
      link.request<MetadataReply>('Metadata', { topics, allowAutoTopicCreation: false }, deadline),
    ).catch((error: unknown) => {
      this.failure = asFailure(error);
      throw error;
    });
    this.failure = undefined;
    this.nodes = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    this.topics = new Map(topicMetadata.map((topic) => [topic.topic, toLeaders(topic)]));
    this.readAtMs = this.options.now();
    this.closeUnused();
  }

  /** As last read. Of a topic that was not asked for yet it is not known whether it exists. */
  leaders(topic: string): Got<TopicLeaders> {
    return this.topics.get(topic) ?? this.failure ?? notAsked(topic);
  }

  /** Whether every partition of these topics has a leader, as far as is known. */
  isWhole(topics: readonly string[]): boolean {
    return topics.every((topic) => {
      const leaders = this.topics.get(topic);
      return leaders instanceof Map && [...leaders.values()].every((leader) => typeof leader === 'number');
    });
  }

  /** The nodes that keep these groups, or why one is not known; asked once and remembered. */
  async coordinatorsOf(
    groups: readonly string[],
    deadline: Deadline,
  ): Promise<ReadonlyMap<string, Got<number>>> {
    const found = new Map<string, Got<number>>();
    const unknown: string[] = [];
    for (const group of groups) {
      const known = this.coordinators.get(group);
      if (known !== undefined && this.nodes.has(known)) found.set(group, known);
      else unknown.push(group);
    }
    if (unknown.length === 0) return found;
    const answers = await this.askAny((link) => coordinatorsOf(link, unknown, deadline)).catch(asFailure);
    for (const group of unknown) {
      const got = answers instanceof ReadFailure ? answers : answers.get(group)!;
      found.set(group, got instanceof ReadFailure ? got : this.noteCoordinator(group, got));
    }
    return found;
  }

  forgetCoordinator(groupId: string): void {
    this.coordinators.delete(groupId);
  }

  /** @throws ReadFailure when the node is not known, or does not answer in time */
  request<Reply>(nodeId: number, api: Api, options: object, deadline: Deadline): Promise<Reply> {
    const address = this.nodes.get(nodeId);
    if (address) return this.link(address).request<Reply>(api, options, deadline);
    return Promise.reject(notInCluster(nodeId));
  }

  /** Whether a node knows a request in a version that we know too. @throws ReadFailure as `request` */
  supports(nodeId: number, api: Api, deadline: Deadline): Promise<boolean> {
    const address = this.nodes.get(nodeId);
    return address ? this.link(address).supports(api, deadline) : Promise.reject(notInCluster(nodeId));
  }

  close(): void {
    for (const link of this.links.values()) link.close();
    this.links.clear();
  }

  private noteCoordinator(group: string, { nodeId, address }: Coordinator): number {
    this.nodes.set(nodeId, address);
    this.coordinators.set(group, nodeId);
    return nodeId;
  }

  /** Brokers that are connected come first, so that one that hangs does not hold up what any can answer. */
  private async askAny<Reply>(ask: (link: BrokerLink) => Promise<Reply>): Promise<Reply> {
    const addresses = [...this.nodes.values(), ...this.options.connection.brokers];
    const links = [...new Set(addresses.map((address) => this.link(address)))];
    links.sort((a, b) => Number(b.isConnected()) - Number(a.isConnected()));
    let failure: unknown;
    for (const link of links) {
      try {
        return await ask(link);
      } catch (error) {
        failure = moreTelling(failure, error);
      }
    }
    throw failure;
  }

  private link(address: Address): BrokerLink {
    const key = keyOf(address);
    let link = this.links.get(key);
    if (!link) {
      const { connection, onRequest, now, random } = this.options;
      const { clientId, security } = connection;
      link = new BrokerLink({ address, clientId, security, onRequest, now, random });
      this.links.set(key, link);
    }
    return link;
  }

  /** Connections to brokers that have left, and to those of the configuration that go by another name. */
  private closeUnused(): void {
    const used = new Set([...this.nodes.values()].map(keyOf));
    for (const [key, link] of this.links) {
      if (used.has(key)) continue;
      link.close();
      this.links.delete(key);
    }
  }
}

const keyOf = ({ host, port }: Address): string => `${host}:${port}`;

function notAsked(topic: string): ReadFailure {
  return new ReadFailure('OffsetsIncomplete', `${topic} has not been asked for yet`, { stale: true });
}

function notInCluster(nodeId: number): ReadFailure {
  return new ReadFailure('BrokerUnreachable', `broker ${nodeId} is not in the cluster`, { stale: true });
}

/** A refusal says more than a broker that is not there. */
function moreTelling(before: unknown, now: unknown): unknown {
  return before instanceof ReadFailure && before.reason === 'Unauthorized' ? before : now;
}

function toLeaders(topic: MetadataReply['topicMetadata'][number]): Got<TopicLeaders> {
  if (topic.topicErrorCode !== 0) return failureOf(topic.topicErrorCode, `the topic ${topic.topic}`);
  return new Map(
    topic.partitionMetadata.map(({ partitionId, leader, partitionErrorCode }) => [
      partitionId,
      leader >= 0 ? leader : failureOf(partitionErrorCode || 5, `${topic.topic}/${partitionId}`),
    ]),
  );
}
