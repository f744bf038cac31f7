import { expect, test } from 'vitest';
import { failureOfCode, ReadFailure } from './failure.ts';
import { inWords } from './in-words.ts';

const broker = (port: number) => ({ host: 'kafka', port });
const connection = { name: 'main', brokers: [broker(9_092)] };
const AT = 'at the connection "main" (kafka:9092)';

test.each([
  [
    3,
    'UNKNOWN_TOPIC_OR_PARTITION',
    'the topic orders',
    `the topic orders does not exist ${AT}: create it, or correct spec.kafka.topics, or spec.kafka.connection if it is ` +
      'elsewhere (UNKNOWN_TOPIC_OR_PARTITION)',
  ],
  [
    69,
    'GROUP_ID_NOT_FOUND',
    'the group shop',
    `the group shop does not exist ${AT}: correct spec.kafka.consumerGroup, or let a consumer join it (GROUP_ID_NOT_FOUND)`,
  ],
  [
    30,
    'GROUP_AUTHORIZATION_FAILED',
    'the group shop',
    `the operator's user may not read the group shop ${AT}: allow it DESCRIBE on the topics and on the group ` +
      '(GROUP_AUTHORIZATION_FAILED)',
  ],
  [
    58,
    'SASL_AUTHENTICATION_FAILED',
    'x',
    `the operator is not let in ${AT}: correct the user, its secret or its certificate in the operator's ` +
      'configuration (SASL_AUTHENTICATION_FAILED)',
  ],
  [
    5,
    'LEADER_NOT_AVAILABLE',
    'orders/3',
    `orders/3 has no leader that can be asked ${AT}: a broker is down, or the leader is changing; it is asked again at ` +
      'every look (LEADER_NOT_AVAILABLE)',
  ],
  [
    14,
    'COORDINATOR_LOAD_IN_PROGRESS',
    'the group shop',
    `not all offsets can be read ${AT}; they are asked for again at every look (COORDINATOR_LOAD_IN_PROGRESS)`,
  ],
])('the error code %i, %s, is put in words', (code, name, subject, words) => {
  expect(inWords(failureOfCode(code, name, subject), connection)).toBe(words);
});

test.each([
  ['BrokerUnreachable', 'connecting to kafka:9092: connect ECONNREFUSED', 'Kafka cannot be reached'],
  [
    'BrokerUnreachable',
    'connecting to kafka:9092: Connection error: self-signed certificate',
    'no TLS connection can be made',
  ],
  ['ReadTimedOut', 'kafka:9092, Metadata: no answer within 720 ms', 'Kafka does not answer in time'],
  ['Unauthorized', 'connecting to kafka:9092: Invalid username or password', 'the operator is not let in'],
] as const)('%s says where, and what went wrong there', (reason, message, words) => {
  const text = inWords(new ReadFailure(reason, message), connection);
  expect(text.startsWith(`${words} ${AT}`)).toBe(true);
  expect(text.endsWith(` (${message})`)).toBe(true);
});

test('of many brokers some are named', () => {
  const brokers = [1, 2, 3, 4, 5].map(broker);
  expect(inWords(new ReadFailure('ReadTimedOut', 'late'), { name: 'main', brokers })).toContain(
    '(kafka:1, kafka:2, kafka:3 and 2 more)',
  );
});
