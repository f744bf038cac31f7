import { mebibytes } from '../lib/format.ts';
import { foreignCores } from '../lib/cpu.ts';
import type { DuelReport } from './report-data.ts';

/** What was measured on what, with which settings. */
export function conditions(report: DuelReport): string {
  const { machine, database, remote, tuning, generator } = report;
  const pairs = (values: Readonly<Record<string, unknown>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(', ');
  const commit = machine.commit === undefined ? '' : ` (${machine.commit})`;
  return `## Conditions

- ${report.startedAt}, ${report.tookSeconds} s in all; target: ${report.target}
- ${machine.cpu}, ${machine.cores} cores, ${mebibytes(machine.memoryBytes)}, ${machine.system}. Everything ran on it: Kafka, Postgres, all services, the remote system and the load generator.
- ${foreignLoad(report)}
- Sluice ${machine.sluice}${commit}, Node ${machine.node}, Kafka ${machine.kafka} (one node, acks from all in-sync replicas, written to disk by the system), Postgres ${database['server_version'] ?? 'unknown'}
- Postgres: ${pairs(database)}
- Remote system: ${pairs(remote)}
- Settings other than the defaults: ${pairs(tuning) || 'none'}
- Load generator: ${generator.name} ${generator.version}; the pipelined client is always autocannon, and without k6 the open model is sent by undici`;
}

/** A machine that is busy with something else spoils every figure: say how busy it was. */
function foreignLoad({ main }: DuelReport): string {
  const [first, second] = [foreignCores(main.async), foreignCores(main.sync)];
  if (first === undefined || second === undefined)
    return 'Whether the machine did anything else meanwhile is not known here';
  const busy = Math.max(first, second);
  const note =
    busy > DISTURBED_CORES
      ? ' **The machine was busy with other work: repeat the run before quoting it.**'
      : '';
  return `Cores busy with anything else during the main experiment: ${first.toFixed(2)} and ${second.toFixed(2)}, the measuring included.${note}`;
}

const DISTURBED_CORES = 0.25;
