// A steady rate, many times that for a third of the time, and the steady rate again.
import { createSummary, number, settings, submit, summaryTrendStats, usersFor } from './pipeline.js';

const base = number('BASE_RATE', 50);
const peak = number('PEAK_RATE', 500);
const part = Math.max(3, Math.round(settings.seconds / 3));
const JUMP_SECONDS = 1;

export const options = {
  summaryTrendStats,
  scenarios: {
    spike: {
      executor: 'ramping-arrival-rate',
      exec: 'run',
      startRate: base,
      timeUnit: '1s',
      preAllocatedVUs: usersFor(peak),
      maxVUs: settings.users,
      stages: [
        { target: base, duration: `${part}s` },
        { target: peak, duration: `${JUMP_SECONDS}s` },
        { target: peak, duration: `${part}s` },
        { target: base, duration: `${JUMP_SECONDS}s` },
        { target: base, duration: `${part - 2 * JUMP_SECONDS}s` },
      ],
    },
  },
  thresholds: {
    sluice_failed: ['rate==0'],
    sluice_reply: ['p(99)<5000'],
  },
};

export const run = () => submit();

export const handleSummary = createSummary('spike');
