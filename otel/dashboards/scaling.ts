import type { Dashboard } from './panels.ts';
import { most, quantiles, rate } from './promql.ts';

const SCALER = ['scaler'];
const STAGE = ['stage'];
const spare = `${most('sluice.scaler.replicas', SCALER, 'kind="ready"')} * ${most('sluice.scaler.capacity', SCALER)} - ${most('sluice.scaler.arrival_rate', SCALER)}`;

/** How far each stage is behind, and what the operator does about it. */
export const SCALING: Dashboard = {
  uid: 'sluice-scaling',
  title: 'Sluice / Scaling',
  description: 'How far each stage is behind, and what the operator does about it.',
  rows: [
    {
      title: 'Promise',
      panels: [
        {
          title: 'Age of the oldest event',
          description: 'How long it has waited, and what is promised.',
          unit: 's',
          queries: [
            { expr: most('sluice.scaler.age', SCALER), legend: '{{scaler}}' },
            { expr: most('sluice.scaler.objective', SCALER), legend: '{{scaler}} objective' },
          ],
        },
        {
          title: 'Time to drain',
          description:
            'What waits, over what the ready replicas can settle beyond the arrivals. Nothing is shown where they cannot.',
          unit: 's',
          queries: [
            { expr: `${most('sluice.scaler.lag', SCALER)} / ((${spare}) > 0)`, legend: '{{scaler}}' },
          ],
        },
        {
          title: 'Age when settled',
          description: 'From the timestamp of a record to the moment its stage has settled it.',
          unit: 's',
          queries: quantiles('sluice.stage.event.age', STAGE),
        },
      ],
    },
    {
      title: 'Scaling',
      panels: [
        {
          title: 'Lag',
          description: 'Records that wait. Nothing is shown while it is not known.',
          unit: 'short',
          queries: [{ expr: most('sluice.scaler.lag', SCALER), legend: '{{scaler}}' }],
        },
        {
          title: 'Replicas',
          description: 'As decided, and as they are up.',
          unit: 'short',
          queries: [
            { expr: most('sluice.scaler.replicas', SCALER, 'kind="decided"'), legend: '{{scaler}} decided' },
            { expr: most('sluice.scaler.replicas', SCALER, 'kind="ready"'), legend: '{{scaler}} ready' },
          ],
        },
        {
          title: 'Arrivals and plan',
          description: 'Records per second that arrive, and for how many the operator plans.',
          unit: 'ops',
          queries: [
            { expr: most('sluice.scaler.arrival_rate', SCALER), legend: '{{scaler}} arrive' },
            { expr: most('sluice.scaler.planned_rate', SCALER), legend: '{{scaler}} planned' },
          ],
        },
        {
          title: 'Capacity of a replica',
          description: 'Records per second that one replica can settle, as measured.',
          unit: 'ops',
          queries: [{ expr: most('sluice.scaler.capacity', SCALER), legend: '{{scaler}}' }],
        },
        {
          title: 'Utilization',
          description: 'Share of the capacity that the arrivals take.',
          unit: 'percentunit',
          queries: [{ expr: most('sluice.scaler.utilization', SCALER), legend: '{{scaler}}' }],
        },
        {
          title: 'Decisions',
          description: 'Decisions per second, by reason and what became of them.',
          unit: 'ops',
          queries: [
            { expr: rate('sluice.scaler.decisions', ['reason', 'result']), legend: '{{reason}}: {{result}}' },
          ],
        },
      ],
    },
    {
      title: 'Stages',
      panels: [
        {
          title: 'Settled',
          description: 'Messages per second, by stage and outcome.',
          unit: 'ops',
          stacked: true,
          queries: [
            { expr: rate('sluice.stage.messages', ['stage', 'outcome']), legend: '{{stage}} {{outcome}}' },
          ],
        },
        {
          title: 'Rebalances',
          description:
            'Partitions taken from a process, per second, by stage: each stops the group for a moment.',
          unit: 'ops',
          queries: [{ expr: rate('sluice.stage.rebalances', STAGE), legend: '{{stage}}' }],
        },
        {
          title: 'In flight',
          description: 'Messages taken over from Kafka and not yet settled, by stage.',
          unit: 'short',
          queries: [
            { expr: 'sum by (stage) (sluice_stage_in_flight{namespace="$namespace"})', legend: '{{stage}}' },
          ],
        },
      ],
    },
    {
      title: 'Operator',
      panels: [
        {
          title: 'Looks',
          description: 'Ticks per second, by outcome.',
          unit: 'ops',
          queries: [{ expr: rate('sluice.operator.ticks', ['outcome']), legend: '{{outcome}}' }],
        },
        {
          title: 'Duration of a look',
          description: 'Reading, deciding and applying for all StageScalers.',
          unit: 's',
          queries: quantiles('sluice.operator.tick.duration'),
        },
        {
          title: 'Calls to targets',
          description: 'Reading and setting replicas, per second, by outcome.',
          unit: 'ops',
          queries: [
            {
              expr: rate('sluice.operator.target.calls', ['operation', 'outcome']),
              legend: '{{operation}} {{outcome}}',
            },
          ],
        },
      ],
    },
  ],
};
