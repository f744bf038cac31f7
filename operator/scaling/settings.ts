import type { Profile } from './types.ts';

/** What is neither asked for in a spec nor learned. Times in seconds. */
export const SETTINGS = {
  /** Windows over which arrivals are counted, longest first. */
  arrivalWindows: [60, 40, 30, 20, 14, 10, 6, 4, 2],
  /** Deviations by which each of these windows must contradict a longer one for that not to be believed. */
  contradiction: [0, 3, 3, 3, 3.5, 3.5, 4, 4.5, 4.5],
  /** Least distance of two samples that are kept. */
  sampleSpacing: 1.9,
  /** How long samples are kept. */
  sampleSpan: 62,
  /** Share of the objective that waiting events may have used up without anything being done about it. */
  harmlessShare: 0.5,
  /** The same, for a backlog that makes events late, once replicas have had time to come. */
  urgentShare: 0.65,
  /** Share of the capacity that can be counted on to work a backlog off. */
  reliableShare: 0.98,
  /** Deviations by which a rate read over a short window is taken lower when replicas are sized for it. */
  openDeviations: 0.9,
  /** How long the load must have been low before replicas are left without room to spare. */
  fullWindow: 300,
  /** Until they have been measured. */
  coldStartSeed: 4,
  rebalanceSeed: 1,
  /** While it is not known what a replica can do, up to so many are tried at once: the HPA's own limit. */
  firstReplicas: 4,
  /** After this long, replicas that have not come are no longer waited for. */
  startTimeout: 120,
  /** While replicas are starting, only a need this many times higher changes the order. */
  reorderFactor: 1.5,
  /** A group that has been rebalancing this long is treated as if it did not. */
  rebalanceTimeout: 60,
  /** Most that a ramp may add, as a factor. */
  rampLimit: 2,
  /** What arrives for less than this after a rebalance upstream has only been held back. */
  burstSeconds: 20,
  /** How long past needs are remembered. */
  needSpan: 7_200,
  /** Share of a replica that a hot partition is counted with. */
  hotUtilization: 0.9,
  /** How far ahead a ramp is provided for. */
  rampHorizon: 60,
} as const;

/** How full replicas may be, how fast a backlog must go, how long a lower need must have held. */
export interface ProfileSettings {
  /** Utilisation that new replicas are sized for. */
  readonly target: number;
  /** Utilisation above which replicas are added. */
  readonly upper: number;
  /** Utilisation that must not be exceeded after a scale-down, until it has been seen for long that no more comes. */
  readonly lower: number;
  /** Objectives within which a backlog must have become harmless. */
  readonly recovery: number;
  /** Least time a lower need must have held, in seconds. */
  readonly window: number;
  /** Replica-seconds a scale-down must save for each replica-second that its rebalances cost. */
  readonly price: number;
}

export const PROFILES: Readonly<Record<Profile, ProfileSettings>> = {
  cost: { target: 0.95, upper: 0.98, lower: 0.92, recovery: 6, window: 30, price: 10 },
  balanced: { target: 0.95, upper: 0.98, lower: 0.92, recovery: 5, window: 45, price: 20 },
  stable: { target: 0.8, upper: 0.9, lower: 0.75, recovery: 0.5, window: 300, price: 40 },
};
