import type { Dashboard } from './panels.ts';
import { here, most, quantiles, rate } from './promql.ts';

/** What clients get, and what becomes of what they gave. */
export const PIPELINE: Dashboard = {
  uid: 'sluice-pipeline',
  title: 'Sluice / Pipeline',
  description: 'What clients get, and what becomes of what they gave.',
  rows: [
    {
      title: 'Accepting',
      panels: [
        {
          title: 'Submitted',
          description: 'Transactions per second, by what became of the submission.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: rate('sluice.accept.transactions', ['outcome']), legend: '{{outcome}}' }],
        },
        {
          title: 'Time to the commit',
          description: 'From a parsed submission to its commit, waiting in the queue included.',
          unit: 's',
          queries: quantiles('sluice.accept.duration'),
        },
        {
          title: 'Refused',
          description: 'Requests answered with 503, by the bound that was reached.',
          unit: 'reqps',
          queries: [{ expr: rate('sluice.accept.refused', ['reason']), legend: '{{reason}}' }],
        },
      ],
    },
    {
      title: 'Completing',
      panels: [
        {
          title: 'Ended',
          description: 'Transactions per second that reached a terminal state.',
          unit: 'ops',
          stacked: true,
          queries: [
            {
              expr: 'sum by (state) (rate(sluice_transaction_duration_count{namespace="$namespace"}[$__rate_interval]))',
              legend: '{{state}}',
            },
          ],
        },
        {
          title: 'Whole transactions',
          description: 'From acceptance to the terminal state.',
          unit: 's',
          queries: quantiles('sluice.transaction.duration', ['state']),
        },
        {
          title: 'Dead letters',
          description: 'Messages put aside, by stage and cause.',
          unit: 'ops',
          queries: [
            { expr: rate('sluice.dead_letters', ['stage', 'cause']), legend: '{{stage}}: {{cause}}' },
          ],
        },
      ],
    },
    {
      title: 'Outbox and relay',
      panels: [
        {
          title: 'Age of the outbox',
          description: 'How long the oldest committed event has waited to be published.',
          unit: 's',
          queries: [{ expr: most('sluice.outbox.age'), legend: 'oldest row' }],
        },
        {
          title: 'Published',
          description: 'Outbox rows written to Kafka per second.',
          unit: 'ops',
          stacked: true,
          queries: [{ expr: rate('sluice.relay.sent', ['topic']), legend: '{{topic}}' }],
        },
        {
          title: 'Mended by the sweeper',
          description:
            'Transactions whose event was published again, and those that were ended by their deadline.',
          unit: 'ops',
          queries: [
            { expr: rate('sluice.sweeper.reemitted', ['state']), legend: 'again: {{state}}' },
            { expr: rate('sluice.sweeper.expired'), legend: 'expired' },
          ],
        },
      ],
    },
    {
      title: 'Remote system',
      panels: [
        {
          title: 'Calls',
          description: 'Calls per second, by outcome.',
          unit: 'reqps',
          stacked: true,
          queries: [{ expr: rate('sluice.remote.calls', ['outcome']), legend: '{{outcome}}' }],
        },
        {
          title: 'Duration of a call',
          description: 'As this side of the network sees it.',
          unit: 's',
          queries: quantiles('sluice.remote.call.duration'),
        },
        {
          title: 'Circuit and retries',
          description:
            'Circuit breaker: 0 closed, 1 half open, 2 open. Retries that were scheduled, per second.',
          unit: 'short',
          queries: [
            { expr: most('sluice.remote.circuit.state', ['pod']), legend: 'circuit {{pod}}' },
            { expr: rate('sluice.remote.retries'), legend: 'retries' },
          ],
        },
      ],
    },
    {
      title: 'Processes',
      panels: [
        {
          title: 'Memory',
          description: 'Resident memory by pod.',
          unit: 'bytes',
          queries: [{ expr: here('process.memory.usage'), legend: '{{pod}}' }],
        },
        {
          title: 'CPU',
          description: 'Cores used by pod.',
          unit: 'short',
          queries: [{ expr: rate('process.cpu.time', ['pod']), legend: '{{pod}}' }],
        },
        {
          title: 'Delay of the event loop',
          description: '99th percentile between two scrapes.',
          unit: 's',
          queries: [{ expr: here('nodejs.eventloop.delay.p99'), legend: '{{pod}}' }],
        },
      ],
    },
  ],
};
