import type { Measurement, Mode } from './measure.ts';
import type { Resources } from './sampler.ts';

/** What each mode cannot do without; the other processes run beside it and do nothing for it. */
const NEEDED: Record<Mode, readonly string[]> = {
  async: ['api', 'relay', 'validate', 'remote', 'persist', 'kafka', 'postgres', 'remote-simulator'],
  sync: ['api', 'postgres', 'remote-simulator'],
};

export const COMPONENTS = NEEDED.async;

/** CPU time in microseconds per completed transaction, above what the components use when idle. */
export interface CpuPerTransaction {
  readonly byComponent: Readonly<Record<string, number>>;
  /** Of the components that the mode needs, the generator left out. */
  readonly system: number;
  readonly generator: number | undefined;
}

/**
 * Undefined where the system does not tell, or nothing was completed. Without `idle` what is used when nothing is
 * asked of the system is part of it.
 */
export function cpuPerTransaction(run: Measurement, idle?: Resources): CpuPerTransaction | undefined {
  const completed = Object.values(run.ended).reduce((sum, count) => sum + count, 0);
  const { components, seconds } = run.resources;
  if (completed === 0 || components.length === 0) return undefined;
  const byComponent = Object.fromEntries(
    components.map(({ name, cpuSeconds }) => {
      const above = Math.max(0, cpuSeconds - (idle ? idleCores(idle, name) * seconds : 0));
      return [name, (above * 1e6) / completed];
    }),
  );
  const { cpuSeconds } = run.load;
  return {
    byComponent,
    system: NEEDED[run.mode].reduce((sum, name) => sum + (byComponent[name] ?? 0), 0),
    generator: cpuSeconds === undefined ? undefined : (cpuSeconds * 1e6) / completed,
  };
}

/** Cores that a component keeps busy while nothing is asked of it. */
export function idleCores(idle: Resources, name: string): number {
  return (idle.components.find((component) => component.name === name)?.cpuSeconds ?? 0) / idle.seconds;
}

/** Cores that something other than the system, its load and its measuring kept busy; undefined if unknown. */
export function foreignCores(run: Measurement, ownCpuSeconds = 0): number | undefined {
  const { components, machineCpuSeconds, seconds } = run.resources;
  if (machineCpuSeconds === undefined || components.length === 0) return undefined;
  const ours = components.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, run.load.cpuSeconds ?? 0);
  return Math.max(0, machineCpuSeconds - ours - ownCpuSeconds) / seconds;
}

export function isNeeded(mode: Mode, component: string): boolean {
  return NEEDED[mode].includes(component);
}
