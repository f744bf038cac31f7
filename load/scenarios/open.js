// Requests at a constant rate, whether the earlier ones have been answered or not.
import { createSubmit } from './submit.js';

export { handleSummary } from './submit.js';

const rate = Number(__ENV.RATE);
const users = Number(__ENV.USERS);

export const options = {
  discardResponseBodies: true,
  scenarios: {
    open: {
      executor: 'constant-arrival-rate',
      exec: 'submit',
      rate,
      timeUnit: '1s',
      duration: `${__ENV.SECONDS}s`,
      // Enough for answers after 600 ms; making thousands of users beforehand would take the CPU from the system.
      preAllocatedVUs: Math.min(users, Math.ceil(rate * 0.6)),
      maxVUs: users,
      gracefulStop: '30s',
    },
  },
};

export const submit = createSubmit({ comeBack: false });
