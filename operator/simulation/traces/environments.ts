import type { Environment } from '../model/scenario.ts';

/** Seconds until so many pods were all ready, on the node of the measured KEDA runs. */
const MEASURED_STARTS: readonly (readonly [pods: number, min: number, max: number])[] = [
  [1, 1.2, 1.9],
  [4, 1.5, 2.9],
  [8, 3.6, 6.4],
  [12, 5.0, 5.5],
  [17, 5.2, 8.0],
  [23, 7.9, 8.4],
];

function measuredStart(pods: number): readonly [number, number] {
  const next = MEASURED_STARTS.findIndex(([count]) => count >= pods);
  const above = MEASURED_STARTS[next] ?? MEASURED_STARTS.at(-1)!;
  const below = MEASURED_STARTS[next - 1] ?? above;
  const share = above === below ? 0 : (pods - below[0]) / (above[0] - below[0]);
  const between = (from: number, to: number): number => from + share * (to - from);
  return [between(below[1], above[1]), between(below[2], above[2])];
}

/** A node with two cores, the image local, kafkajs with short waits: what real KEDA was measured on. */
export const MEASURED: Environment = {
  name: 'measured',
  source:
    'cold start 1.2–1.9 s for one pod to 7.9–8.4 s for 23 at once, rebalance 0.2–1.1 s and 0.1 s more per joining ' +
    'pod, commits every 0.5 s: measured with kafkajs (heartbeat 0.4 s, maxWait 0.25 s) on one node of two cores',
  coldStart: measuredStart,
  coldStartSpread: 0.15,
  rebalance: [0.2, 1.1],
  rebalancePerJoin: 0.1,
  initialRebalance: 3,
  clientOverhead: 0,
  commitInterval: 0.5,
};

/** Some of the measured runs shared the node with others: 22 pods took 10.8–12.2 s instead of 7.9–8.4 s. */
export const MEASURED_FULL: Environment = {
  ...MEASURED,
  name: 'measured-cpu-full',
  source: 'as measured with the CPU full: pods take 1.4 times as long to start',
  coldStart: (pods) => {
    const [min, max] = measuredStart(pods);
    return [1.4 * min, 1.4 * max];
  },
};

/**
 * The same pods and broker, our stages as clients. Of the gaps that docs/bench/rebalance.md shows, 0.1 s are the distance
 * of two messages of a partition, and 0.15 s the handler of the first one after the pause. By now what stays with its
 * owner goes on meanwhile (docs/adr/0018): the model, which stops all partitions, asks more than our stages do.
 */
export const OWN_STAGES: Environment = {
  ...MEASURED,
  name: 'own-stages',
  source:
    'pods as measured; our stages as clients: rebalance 0.15–0.35 s and 0.15 s more per joining member ' +
    '(docs/bench/rebalance.md), commits every 0.2 s (services/runtime/committer.ts), ' +
    "and 3 % of a full replica's time is lost between handlers",
  rebalance: [0.15, 0.35],
  rebalancePerJoin: 0.15,
  clientOverhead: 0.03,
  commitInterval: 0.2,
};

/** An ordinary cluster and a client with kafkajs' own settings. */
export const SLOW: Environment = {
  name: 'slow',
  source:
    'cold start 8–14 s, a group stands still for 5 s when its members change, commits every 2 s, 3 % of time lost',
  coldStart: () => [12, 14],
  coldStartSpread: 0.4,
  rebalance: [4.5, 5.5],
  rebalancePerJoin: 0,
  initialRebalance: 3,
  clientOverhead: 0.03,
  commitInterval: 2,
};
