import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a connection is opened with; undefined: in the clear, without a name. */
export interface Security {
  readonly ssl: ConnectionOptions | undefined;
  readonly sasl: SASLOptions | undefined;
}

/** Reads keys, passwords and tokens from where they lie. Rejects when one cannot be read. */
export type OpenSecurity = () => Promise<Security>;

/** Told of every request to a broker: its name in the protocol (`OffsetFetch`), and what became of it. */
export type RequestListener = (api: string, outcome: 'ok' | 'failed') => void;

/** A Kafka cluster by the name that StageScalers use. */
export interface KafkaConnection {
  readonly name: string;
  readonly brokers: readonly Address[];
  readonly clientId: string;
  readonly security: OpenSecurity;
}
