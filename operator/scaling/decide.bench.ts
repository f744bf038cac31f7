import { decide, initialState } from './decide.ts';
import { TestStage } from './test-stage.ts';

/**
 * How long one decision over many scalers takes, and how large the state is: `node operator/scaling/decide.bench.ts`.
 * Arguments: scalers (1000), partitions of each (12), looks (120, of which the first 40 are not counted).
 */
const [scalers = 1_000, partitions = 12, looks = 120] = process.argv.slice(2).map(Number);
const WARM_UP = 40;

// Chains of four, each stage with 3 replicas, so that propagation is part of it.
const stages = Array.from({ length: scalers }, (_, index) => {
  const upstream = index % 4 === 0 ? [] : [`stage-${index - 1}`];
  return new TestStage({ name: `stage-${index}`, upstream }, { replicas: 3, partitions });
});

let state = initialState();
const took: number[] = [];
const cpu: number[] = [];
for (let look = 0; look < looks; look++) {
  for (const [index, stage] of stages.entries()) stage.run(2, 100 + ((index + look) % 40));
  const observation = { at: 2 * look, scalers: stages.map((stage) => stage.observe()) };
  const begin = performance.now();
  const cpuBegin = process.cpuUsage();
  const decided = decide(state, observation);
  took.push(performance.now() - begin);
  const { user, system } = process.cpuUsage(cpuBegin);
  cpu.push((user + system) / 1_000);
  ({ state } = decided);
  decided.decisions.forEach(({ replicas }, index) => stages[index]!.scale(replicas));
}

const counted = (all: readonly number[]): number[] => all.slice(WARM_UP).sort((a, b) => a - b);
const at = (all: readonly number[], share: number): string => {
  const sorted = counted(all);
  return `${(sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1)} ms`;
};
const bytes = JSON.stringify(state).length / scalers;
process.stdout.write(
  `${scalers} scalers x ${partitions} partitions, ${took.length - WARM_UP} looks: ` +
    `p50 ${at(took, 0.5)}, p99 ${at(took, 0.99)}; CPU p50 ${at(cpu, 0.5)}, p99 ${at(cpu, 0.99)}; ` +
    `state ${Math.round(bytes)} bytes of JSON per scaler\n`,
);
