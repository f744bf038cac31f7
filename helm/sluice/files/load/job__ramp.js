// A rate that rises evenly, holds and falls: what a scaler should follow.
import { createSummary, number, settings, submit, summaryTrendStats, usersFor } from './pipeline.js';

const from = number('FROM_RATE', 20);
const to = number('TO_RATE', 400);
const part = Math.max(1, Math.round(settings.seconds / 4));

export const options = {
  summaryTrendStats,
  scenarios: {
    ramp: {
      executor: 'ramping-arrival-rate',
      exec: 'run',
      startRate: from,
      timeUnit: '1s',
      preAllocatedVUs: usersFor(to),
      maxVUs: settings.users,
      stages: [
        { target: to, duration: `${2 * part}s` },
        { target: to, duration: `${part}s` },
        { target: from, duration: `${part}s` },
      ],
    },
  },
  thresholds: {
    sluice_failed: ['rate==0'],
    sluice_reply: ['p(99)<2000'],
    dropped_iterations: ['count<100'],
  },
};

export const run = () => submit();

export const handleSummary = createSummary('ramp');
