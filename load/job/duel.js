// The same users on both shapes of the same use case, one after the other.
import { createSummary, number, settings, submit, summaryTrendStats } from './pipeline.js';

const { users, seconds } = settings;
/** The pipeline finishes what it has accepted before the other mode is measured. */
const pauseSeconds = number('PAUSE_SECONDS', 30);
const vus = { executor: 'constant-vus', vus: users, duration: `${seconds}s`, gracefulStop: '30s' };

export const options = {
  summaryTrendStats,
  scenarios: {
    events: { ...vus, exec: 'events', tags: { mode: 'events' } },
    sync: { ...vus, exec: 'sync', tags: { mode: 'sync' }, startTime: `${seconds + pauseSeconds}s` },
  },
  // Thresholds also make k6 keep the figures of each mode apart.
  thresholds: {
    sluice_failed: ['rate<0.001'],
    'sluice_accepted{mode:events}': ['count>0'],
    'sluice_accepted{mode:sync}': ['count>0'],
    'sluice_reply{mode:events}': ['p(99)<2000'],
    'sluice_reply{mode:sync}': ['p(99)<30000'],
  },
};

export const events = () => submit();
export const sync = () => submit('/v1/sync/transactions');

export const handleSummary = createSummary('duel', seconds);
