// A steady rate for long, with some payments followed to their end: does anything grow, slow down or stop?
import {
  createSummary,
  number,
  settings,
  submit,
  submitAndWait,
  summaryTrendStats,
  usersFor,
} from './pipeline.js';

const rate = number('RATE', 100);

export const options = {
  summaryTrendStats,
  scenarios: {
    load: {
      executor: 'constant-arrival-rate',
      exec: 'load',
      rate,
      timeUnit: '1s',
      duration: `${settings.seconds}s`,
      preAllocatedVUs: usersFor(rate),
      maxVUs: settings.users,
    },
    followed: {
      executor: 'constant-vus',
      exec: 'followed',
      vus: 1,
      duration: `${settings.seconds}s`,
      gracefulStop: '60s',
    },
  },
  thresholds: {
    sluice_failed: ['rate==0'],
    sluice_unsettled: ['rate==0'],
    sluice_settle_time: ['p(99)<30000'],
    sluice_reply: ['p(99)<1000'],
  },
};

export const load = () => submit();
export const followed = () => submitAndWait(60);

export const handleSummary = createSummary('soak');
