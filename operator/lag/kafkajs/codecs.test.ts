import { expect, test } from 'vitest';
import type { FindCoordinatorsReply } from './find-coordinators.ts';
import { findCoordinators } from './find-coordinators.ts';
import type { ProtocolDefinition } from './internals.ts';
import type { ListOffsetsReply } from './list-offsets.ts';
import { listOffsets } from './list-offsets.ts';
import type { OffsetFetchGroupsReply } from './offset-fetch-groups.ts';
import { offsetFetchGroups } from './offset-fetch-groups.ts';

/** Bytes by the schemas of https://kafka.apache.org/protocol, written down by hand. */
const hex = (...parts: readonly string[]): Buffer => Buffer.from(parts.join('').replaceAll(' ', ''), 'hex');
const text = (value: string): string => Buffer.from(value).toString('hex');

async function encoded(definition: ProtocolDefinition, version: number, options: object): Promise<Buffer> {
  const { encode } = definition.protocol({ version })(options).request as {
    encode: () => Promise<{ buffer: Buffer }>;
  };
  return (await encode()).buffer;
}

async function decoded<Reply>(definition: ProtocolDefinition, version: number, raw: Buffer): Promise<Reply> {
  return (await definition.protocol({ version })({}).response.decode(raw)) as Reply;
}

test('OffsetFetch v8 asks for the partitions of many groups', async () => {
  const groups = [
    { groupId: 'g1', topics: [{ topic: 't', partitions: [0, 1] }] },
    { groupId: 'g2', topics: [] },
  ];
  expect(await encoded(offsetFetchGroups, 8, { groups })).toEqual(
    hex(
      '00', // tags of the header
      '03', // two groups
      `03 ${text('g1')} 02 02 ${text('t')} 03 00000000 00000001 00 00`,
      `03 ${text('g2')} 01 00`,
      '00', // not only stable ones
      '00',
    ),
  );
});

test('OffsetFetch v8 answers with offsets of any size, none, metadata, and an error of one group alone', async () => {
  const raw = hex(
    '00 00000007 03', // tags, throttled for 7 ms, two groups
    `03 ${text('g1')} 02 02 ${text('t')} 04`,
    `00000000 0000000100000002 ffffffff 03 ${text('m!')} 0000 00`,
    '00000001 ffffffffffffffff ffffffff 00 0000 00',
    '00000002 0000000080000000 00000003 01 001d 00',
    '00 0000 00',
    `03 ${text('g2')} 01 0010 00`,
    '00',
  );
  expect(
    await decoded<OffsetFetchGroupsReply & { clientSideThrottleTime: number }>(offsetFetchGroups, 8, raw),
  ).toEqual({
    clientSideThrottleTime: 7,
    groups: [
      {
        groupId: 'g1',
        errorCode: 0,
        topics: [
          {
            topic: 't',
            partitions: [
              { partition: 0, offset: 4_294_967_298, metadata: 'm!', errorCode: 0 },
              { partition: 1, offset: -1, metadata: null, errorCode: 0 },
              { partition: 2, offset: 2_147_483_648, metadata: '', errorCode: 29 },
            ],
          },
        ],
      },
      { groupId: 'g2', errorCode: 16, topics: [] },
    ],
  });
});

test('FindCoordinator v4 asks for many groups, and each answer has its own error', async () => {
  expect(await encoded(findCoordinators, 4, { groupIds: ['a', 'bc'] })).toEqual(
    hex(`00 00 03 02 ${text('a')} 03 ${text('bc')} 00`),
  );
  const raw = hex(
    '00 00000000 03',
    `02 ${text('a')} 00000005 03 ${text('h1')} 00002384 0000 00 00`,
    `03 ${text('bc')} ffffffff 01 ffffffff 000f 03 ${text('no')} 00`,
    '00',
  );
  expect((await decoded<FindCoordinatorsReply>(findCoordinators, 4, raw)).coordinators).toEqual([
    { groupId: 'a', nodeId: 5, host: 'h1', port: 9_092, errorCode: 0 },
    { groupId: 'bc', nodeId: -1, host: '', port: -1, errorCode: 15 },
  ]);
});

test.each([2, 3])('ListOffsets v%i asks for first or last offsets', async (version) => {
  const topics = [{ topic: 'tt', partitions: [0, 7] }];
  const bytes = (time: string): Buffer =>
    hex(
      'ffffffff 00 00000001', // no replica, uncommitted too, one topic
      `0002 ${text('tt')} 00000002 00000000 ${time} 00000007 ${time}`,
    );
  const [latest, earliest] = ['ffffffffffffffff', 'fffffffffffffffe'];
  expect(await encoded(listOffsets, version, { offset: 'latest', topics })).toEqual(bytes(latest));
  expect(await encoded(listOffsets, version, { offset: 'earliest', topics })).toEqual(bytes(earliest));
});

test('ListOffsets answers with offsets of any size, and an error of one partition alone', async () => {
  const raw = hex(
    `00000000 00000001 0002 ${text('tt')} 00000002`,
    '00000000 0000 ffffffffffffffff 0000000100000000',
    '00000007 0006 ffffffffffffffff ffffffffffffffff',
  );
  expect((await decoded<ListOffsetsReply>(listOffsets, 3, raw)).topics).toEqual([
    {
      topic: 'tt',
      partitions: [
        { partition: 0, errorCode: 0, offset: 4_294_967_296 },
        { partition: 7, errorCode: 6, offset: -1 },
      ],
    },
  ]);
});
