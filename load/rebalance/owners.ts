import kafkajs, { Kafka, logLevel } from 'kafkajs';

/** Which member of the group has each partition of the topic. */
export type Owners = ReadonlyMap<number, string>;

export interface OwnersWatch {
  now(): Promise<Owners>;
  close(): Promise<void>;
}

export async function watchOwners(
  brokers: readonly string[],
  { group, topic }: { readonly group: string; readonly topic: string },
): Promise<OwnersWatch> {
  const admin = new Kafka({
    clientId: 'sluice-bench',
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  return {
    now: async () => {
      const { groups } = await admin.describeGroups([group]);
      const members = groups[0]?.members ?? [];
      return new Map(
        members.flatMap(({ memberId, memberAssignment }) => {
          const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment);
          return (decoded?.assignment[topic] ?? []).map((partition) => [partition, memberId] as const);
        }),
      );
    },
    close: () => admin.disconnect(),
  };
}
