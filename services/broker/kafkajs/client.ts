import './record-patch.ts';
import type { RetryOptions } from 'kafkajs';
import { Kafka, logLevel } from 'kafkajs';
import type { Logger } from 'pino';
import type { BrokerSecurity } from '../security.ts';
import { patchDrain } from './drain-patch.ts';
import { patchHeartbeat } from './heartbeat-patch.ts';
import { openSecurity } from './open-security.ts';
import { patchReconnect } from './reconnect-patch.ts';
import { patchRejoin } from './rejoin-patch.ts';
import { patchTimers } from './timer-patch.ts';

export interface ClientOptions {
  readonly brokers: readonly string[];
  /** Undefined: in the clear, without a name. */
  readonly security?: BrokerSecurity | undefined;
  readonly clientId: string;
  readonly log: Logger;
  readonly retry?: RetryOptions;
}

const LEVELS = {
  [logLevel.ERROR]: 'warn',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'debug',
  [logLevel.DEBUG]: 'trace',
} as const;

/** One `Kafka` per consumer: instances share a map of committed offsets between their consumers. */
export function createKafka(options: ClientOptions): Kafka {
  patchTimers();
  patchDrain();
  patchReconnect();
  patchRejoin();
  patchHeartbeat();
  return new Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ...(options.security && openSecurity(options.security)),
    connectionTimeout: 8_000,
    requestTimeout: 15_000,
    // Some 20 s in all. What has doubled to more is still asleep for as long when the broker is back: the Java client
    // waits a second at most, too (`reconnect.backoff.max.ms`).
    retry: { initialRetryTime: 200, maxRetryTime: 1_000, retries: 22, ...options.retry },
    logCreator:
      () =>
      ({ level, log }) => {
        const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = log;
        const name = LEVELS[level as keyof typeof LEVELS];
        if (name) options.log[name]({ kafka: fields }, message);
      },
  });
}
