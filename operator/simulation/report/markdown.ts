import type { CalibrationRow, Figures } from '../checks/calibration.ts';
import type { Verdict } from '../checks/targets.ts';
import { bestKeda } from '../checks/targets.ts';
import type { Scenario } from '../model/scenario.ts';
import type { Spread, Summary } from '../run/summary.ts';
import type { SimulationReport } from './report-data.ts';
import { figure, table, whole } from './table.ts';

/** The report for people. */
export function writeMarkdown(report: SimulationReport): string {
  return `${[
    introduction(report),
    ...calibration(report),
    ...measuredTraces(report),
    ...evaluation(report),
    ...heldOut(report),
    ...otherEnvironments(report),
    ...randomTraces(report),
    ...controllers(report),
    ...pictures(report),
  ].join('\n\n')}\n`;
}

const minutes = (scenario: Scenario): string => `${Math.round(scenario.durationSeconds / 6) / 10} min`;

function introduction({ command, node, seeds, environment }: SimulationReport): string {
  return `# The operator in simulation

Written by \`${command}\` (Node ${node}). The same command gives the same figures on any machine.

The simulator is fluid per partition, in steps of a quarter of a second, with Poisson arrivals from a seed. Pods take
time to start; whenever members of a group change, all of them stop for a while; partitions are dealt out as kafkajs
deals them; offsets move only with commits. Around it runs the same \`decide\` as in the operator, and, under the same
seeds, other controllers re-implemented from their formulas and defaults (listed at the end). The ages are exact:
first in, first out, in every partition.

- **Environment \`${environment.name}\`:** ${environment.source}.
- **Seeds:** ${seeds.join(', ')}. A controller's timers begin at a phase that the seed chooses.
- **Objective:** no record waits longer than 10 s in a stage. A second is over when one has.
- **Replica-seconds** count what is ordered (\`spec.replicas\`), pods that are still starting included.`;
}

function calibration({ calibration: rows }: SimulationReport): string[] {
  if (rows.length === 0) return [];
  const keys: readonly (keyof Figures)[] = ['secondsOver', 'replicaSeconds', 'ageP99', 'peak'];
  const marks = { 'within 25 %': '', 'within the seeds': ' ~', off: ' ✗' } as const;
  const cell = (row: CalibrationRow, key: keyof Figures): string => {
    const { median, min, max } = row.simulated[key];
    return `${figure(row.measured[key])} → ${figure(median)} [${figure(min)}–${figure(max)}]${marks[row.agreement[key]]}`;
  };
  const cells = rows.flatMap((row) => keys.map((key) => row.agreement[key]));
  const count = (agreement: string): number => cells.filter((one) => one === agreement).length;
  return [
    `## Does it repeat what was measured?

Real KEDA 2.20.2 on a real node, one run per row: 40 records per second and replica, 24 partitions. Each row is simulated
with the same phase of the HPA's timer under many seeds; cells read *measured → median [lowest–highest]*.
${count('within 25 %')} of ${cells.length} figures agree within 25 % (or 3 s over, 1 s of age, where 25 % is nothing);
\`~\`: not, but the measured run lies within what the seeds give; \`✗\`: off.`,
    table(
      ['run', 's over', 'replica-s', 'p99 age, s', 'most replicas'],
      rows.map((row) => [row.label, ...keys.map((key) => cell(row, key))]),
    ),
    `What is off, and why: ${explainOff(rows)}`,
    `The controllers' steps (second:from>to) in the first seed's run:\n\n${rows
      .map(({ label, actions }) => `- ${label}: \`${actions || 'none'}\``)
      .join('\n')}`,
  ];
}

const CAUSES: Readonly<Record<string, string>> = {
  'static 8, step/ageP99':
    'at 94 % utilisation a real client also waits between fetches, a fluid does not (3.8 s measured, all within the objective)',
  'tuned 5 s, step/secondsOver':
    'with these settings the outcome hangs on the lag at one sync 15 s after another; two real runs gave 31 s and 83 s',
  'default, hold/replicaSeconds':
    'at 300/s nine replicas are 94 % full, and the lag at the next sync decides whether the HPA doubles them or not',
  'tuned 1 s, spike/ageP99': 'a second more or less of starting 16 pods at once',
  'tuned 5 s, zero/peak': 'one sync sees 60 records more',
};

function explainOff(rows: readonly CalibrationRow[]): string {
  const off = rows.flatMap((row) =>
    (Object.keys(row.agreement) as (keyof Figures)[])
      .filter((key) => row.agreement[key] === 'off')
      .map((key) => `${row.label}, ${key}: ${CAUSES[`${row.label}/${key}`] ?? 'not explained'}`),
  );
  return off.length === 0 ? 'nothing.' : `\n\n${off.map((line) => `- ${line}`).join('\n')}`;
}

/** Of the measured traces. */
const SHOWN = [
  'sluice',
  'sluice-offsets',
  'sluice-plain',
  'keda-default',
  'keda-1s',
  'keda-5s',
  'flink-tuned',
  'static-8',
  'oracle',
];

function measuredTraces({ measured, measuredVerdicts, phases }: SimulationReport): string[] {
  if (measured.length === 0) return [];
  const worst = ({ min, max }: Spread): string =>
    min === max ? figure(max) : `${figure(min)}–${figure(max)}`;
  return [
    `## The same traces under ours

Every phase of the tick of 2 s in steps of ${(2 / phases).toFixed(2)} s, every seed. Ranges are over all runs, and the worst run counts.`,
    table(
      [
        'trace',
        'controller',
        's over',
        'p99 age, s',
        'replica-s',
        'x ideal',
        'actions',
        'reversals',
        'downs below need',
      ],
      measured
        .filter(({ controller }) => SHOWN.includes(controller))
        .map((row) => [
          row.scenario,
          row.controller,
          worst(row.secondsOver),
          worst(row.ageP99),
          worst(row.replicaSeconds),
          (row.replicaSeconds.mean / row.idealReplicaSeconds).toFixed(2),
          worst(row.actions),
          worst(row.reversals),
          worst(row.badDowns),
        ]),
      2,
    ),
    verdictTable(measuredVerdicts),
  ];
}

function evaluation({ summaries, scenarios, verdicts }: SimulationReport): string[] {
  if (summaries.length === 0) return [];
  return [
    `## The evaluation traces

Three stages in a row that settle 300, 40 and 120 records per second and replica, 24 partitions each. Cells: **s over / p99 age
in s / thousand replica-s / rebalances / reversals within 300 s**, means over the seeds; p99 age is from the first topic to the end of the last
stage. *best KEDA* is chosen for each trace after the fact, among the defaults and the settings listed at the end.`,
    mainTable(summaries, scenarios),
    scenarios
      .map(({ name, title, scalable, ...rest }) => {
        const length = minutes({ name, title, scalable, ...rest });
        return `- **${name}** (${length}): ${title}.${scalable ? '' : ' No replica count can keep the objective here.'}`;
      })
      .join('\n'),
    `### How the runs differ`,
    distribution(summaries, scenarios),
    `### Targets`,
    verdictTable(verdicts),
  ];
}

const COLUMNS = [
  'sluice',
  'sluice-offsets',
  'sluice-plain',
  'keda-default',
  'best KEDA',
  'flink-default',
  'flink-tuned',
  'numaflow',
  'static-peak',
  'oracle',
];

function mainTable(summaries: readonly Summary[], scenarios: readonly Scenario[]): string {
  const present = COLUMNS.filter(
    (column) => column === 'best KEDA' || summaries.some(({ controller }) => controller === column),
  );
  return table(
    ['trace', ...present],
    scenarios.map(({ name }) => {
      const rows = summaries.filter(({ scenario }) => scenario === name);
      return [
        name,
        ...present.map((column) => {
          const row =
            column === 'best KEDA' ? bestKeda(rows) : rows.find(({ controller }) => controller === column);
          return row ? `${column === 'best KEDA' ? `${row.controller}: ` : ''}${cellOf(row)}` : '';
        }),
      ];
    }),
  );
}

function cellOf({ secondsOver, ageP99, replicaSeconds, rebalances, reversals }: Summary): string {
  return [
    figure(secondsOver.mean),
    figure(ageP99.mean),
    (replicaSeconds.mean / 1_000).toFixed(1),
    figure(rebalances.mean),
    figure(reversals.mean),
  ].join(' / ');
}

function distribution(summaries: readonly Summary[], scenarios: readonly Scenario[]): string {
  const range = ({ median, min, max }: Spread): string => `${figure(median)} [${figure(min)}–${figure(max)}]`;
  const rows = scenarios.flatMap(({ name }) => {
    const all = summaries.filter(({ scenario }) => scenario === name);
    const shown = [
      all.find(({ controller }) => controller === 'sluice'),
      bestKeda(all),
      all.find(({ controller }) => controller === 'flink-tuned'),
    ];
    return shown
      .filter((row) => row !== undefined)
      .map((row) => [
        name,
        row.controller,
        range(row.secondsOver),
        range(row.ageP99),
        range(row.replicaSeconds),
        range(row.rebalances),
        range(row.reversals),
      ]);
  });
  return table(
    ['trace', 'controller', 's over', 'p99 age, s', 'replica-s', 'rebalances', 'reversals'],
    rows,
    2,
  );
}

function verdictTable(verdicts: readonly Verdict[]): string {
  const missed = verdicts.filter(({ kept }) => !kept);
  const summary = `${verdicts.length - missed.length} of ${verdicts.length} kept.`;
  return `${summary}\n\n${table(
    ['trace', 'target', '', 'figures'],
    verdicts.map(({ scenario, target, kept, figures }) => [
      scenario,
      target,
      kept ? 'kept' : '**missed**',
      figures,
    ]),
    4,
  )}`;
}

function heldOut({ heldOutVerdicts, heldOutSeeds }: SimulationReport): string[] {
  if (heldOutVerdicts.length === 0) return [];
  return [
    `## Seeds that were held out\n\nThe same targets under seeds that nothing was tuned with: ${heldOutSeeds.join(', ')}.`,
    verdictTable(heldOutVerdicts),
  ];
}

function otherEnvironments({ others, scenarios }: SimulationReport): string[] {
  return others.map(
    ({ environment, summaries }) =>
      `## Environment \`${environment.name}\`\n\n${environment.source}. Cells as above.\n\n${mainTable(summaries, scenarios)}`,
  );
}

function randomTraces({ random }: SimulationReport): string[] {
  if (random.traces === 0) return [];
  const kinds = Object.entries(random.breaches);
  return [
    `## Random traces

${whole(random.traces)} traces with random loads, partitions, capacities, cold starts, pauses, commits and faults: ${whole(random.decisions)}
decisions, ${whole(random.actions)} scalings. ${kinds.length === 0 ? 'No invariant was broken.' : 'Broken:'}`,
    ...(kinds.length === 0
      ? []
      : [
          kinds
            .map(([name, { count, example }]) => `- **${name}**: ${count} times, e.g. ${example}`)
            .join('\n'),
        ]),
  ];
}

function controllers({ controllers }: SimulationReport): string[] {
  return [
    `## Controllers`,
    table(
      ['name', 'what it is'],
      controllers.map(({ name, source }) => [`\`${name}\``, source]),
      2,
    ),
  ];
}

function pictures({ pictures }: SimulationReport): string[] {
  if (pictures.length === 0) return [];
  return [
    '## Over time\n\nSeed 1. Of every stretch of time its highest value is drawn.',
    ...pictures.map(({ scenario, file }) => `![${scenario}](${file})`),
  ];
}
