// Requests at a constant rate, whether the earlier ones have been answered or not.
import { createSubmit } from './submit.js';

export { handleSummary } from './submit.js';

export const options = {
  discardResponseBodies: true,
  scenarios: {
    open: {
      executor: 'constant-arrival-rate',
      exec: 'submit',
      rate: Number(__ENV.RATE),
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      preAllocatedVUs: Number(__ENV.USERS),
      maxVUs: Number(__ENV.USERS),
      gracefulStop: '30s',
    },
  },
};

export const submit = createSubmit();
