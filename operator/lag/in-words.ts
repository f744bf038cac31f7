import type { KafkaConnection } from './connection.ts';
import type { UnknownReason } from '../scaling/types.ts';
import type { ReadFailure, Refusal } from './failure.ts';

type Place = Pick<KafkaConnection, 'name' | 'brokers'>;

/** For whoever reads a condition, an Event or `explain`: what is wrong, where, what to do; in brackets what Kafka says. */
export function inWords(failure: ReadFailure, connection: Place): string {
  const { reason, refusal, message } = failure;
  const subject = refusal?.subject ?? 'something that was asked for';
  const told = { subject, at: placeOf(connection), refusal, message };
  return `${WORDS[reason](told)} (${refusal?.name ?? message})`;
}

interface Told {
  readonly subject: string;
  readonly at: string;
  readonly refusal: Refusal | undefined;
  readonly message: string;
}

const incomplete = ({ at }: Told): string =>
  `not all offsets can be read at ${at}; they are asked for again at every look`;

const WORDS: Readonly<Record<UnknownReason, (told: Told) => string>> = {
  TopicMissing: ({ subject, at }) =>
    `${subject} does not exist at ${at}: create it, or correct spec.kafka.topics, or spec.kafka.connection if it is elsewhere`,
  GroupMissing: ({ subject, at }) =>
    `${subject} does not exist at ${at}: correct spec.kafka.consumerGroup, or let a consumer join it`,
  Unauthorized: ({ subject, at, refusal }) =>
    isAboutRights(refusal)
      ? `the operator's user may not read ${subject} at ${at}: allow it DESCRIBE on the topics and on the group`
      : `the operator is not let in at ${at}: correct the user, its secret or its certificate in the operator's configuration`,
  BrokerUnreachable: ({ at, message }) =>
    isAboutTls(message)
      ? `no TLS connection can be made at ${at}: do tls and its files in the operator's configuration suit this listener?`
      : `Kafka cannot be reached at ${at}: is it up, are the addresses right, and may the operator connect to them?`,
  ReadTimedOut: ({ at }) =>
    `Kafka does not answer in time at ${at}: it may be overloaded, or the network slow; it is asked again at every look`,
  PartitionLeaderless: ({ subject, at }) =>
    `${subject} has no leader that can be asked at ${at}: a broker is down, or the leader is changing; it is asked again at every look`,
  OffsetsIncomplete: incomplete,
  OffsetsReset: incomplete,
};

/** TOPIC_, GROUP_ and CLUSTER_AUTHORIZATION_FAILED, not SASL_AUTHENTICATION_FAILED. */
const isAboutRights = (refusal: Refusal | undefined): boolean =>
  refusal?.name.endsWith('AUTHORIZATION_FAILED') ?? false;

/** As Node and OpenSSL put it. */
const isAboutTls = (message: string): boolean => /certificate|\b(SSL|TLS)\b/i.test(message);

const MOST = 3;

function placeOf({ name, brokers }: Place): string {
  const shown = brokers.slice(0, MOST).map(({ host, port }) => `${host}:${port}`);
  const more = brokers.length > MOST ? ` and ${brokers.length - MOST} more` : '';
  return `the connection "${name}" (${shown.join(', ')}${more})`;
}
