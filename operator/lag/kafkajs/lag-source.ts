import type { LagRequest, LagSource } from '../../loop/ports.ts';
import type { LagReading } from '../../scaling/types.ts';
import type { KafkaConnection, RequestListener } from '../connection.ts';
import { ClusterReader } from './cluster-reader.ts';
import { patchTimers } from './timer-patch.ts';

export interface LagSourceOptions {
  readonly connections: readonly KafkaConnection[];
  /** ms from the begin of a read to its end, whatever happens. Default 1,500. */
  readonly readTimeoutMs?: number;
  readonly onRequest?: RequestListener;
  /** An error that is a bug of ours, not Kafka's: the readings are Unknown then. */
  readonly onError?: (error: unknown) => void;
}

const READ_TIMEOUT_MS = 1_500;

/** The lag of consumer groups, read from Kafka: one set of connections per cluster, whoever asks. */
export function createLagSource(options: LagSourceOptions): LagSource {
  patchTimers();
  const { readTimeoutMs = READ_TIMEOUT_MS, onRequest = () => {}, onError = () => {} } = options;
  const readers = new Map(
    options.connections.map((connection) => [
      connection.name,
      new ClusterReader({
        connection,
        readTimeoutMs,
        onRequest,
        now: () => performance.now(),
        random: Math.random,
      }),
    ]),
  );
  const readFrom = async (
    name: string,
    requests: readonly LagRequest[],
  ): Promise<ReadonlyMap<string, LagReading>> => {
    const reader = readers.get(name);
    if (!reader) return unknown(requests, `no Kafka connection is named "${name}"`);
    try {
      return await reader.read(requests);
    } catch (error) {
      onError(error);
      return unknown(requests, error instanceof Error ? error.message : String(error));
    }
  };
  return {
    read: async (requests) => {
      const byConnection = Map.groupBy(requests, ({ connection }) => connection);
      const readings = await Promise.all([...byConnection].map(([name, own]) => readFrom(name, own)));
      return new Map(readings.flatMap((some) => [...some]));
    },
    close: async () => {
      for (const reader of readers.values()) reader.close();
    },
  };
}

function unknown(requests: readonly LagRequest[], message: string): Map<string, LagReading> {
  const reading: LagReading = { kind: 'unknown', reason: 'BrokerUnreachable', message };
  return new Map(requests.map(({ scaler }) => [scaler, reading]));
}
