// A few payments, each waited for to its end: does the whole pipeline work?
import { createSummary, settings, submitAndWait, summaryTrendStats } from './pipeline.js';

export const options = {
  summaryTrendStats,
  scenarios: {
    smoke: {
      executor: 'constant-vus',
      exec: 'run',
      vus: settings.users,
      duration: `${settings.seconds}s`,
      gracefulStop: '60s',
    },
  },
  thresholds: {
    sluice_failed: ['rate==0'],
    sluice_unsettled: ['rate==0'],
    sluice_settled: ['count>0'],
    sluice_settle_time: ['p(95)<30000'],
  },
};

export const run = () => submitAndWait(60);

export const handleSummary = createSummary('smoke');
