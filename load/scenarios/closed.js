// Users who each send, wait for the answer and send again; they arrive evenly over RAMP_SECONDS.
import { createSubmit } from './submit.js';

export { handleSummary } from './submit.js';

const users = Number(__ENV.USERS);
const rampSeconds = Number(__ENV.RAMP_SECONDS);
const holdSeconds = Number(__ENV.SECONDS) - rampSeconds;
const hold = { target: users, duration: `${holdSeconds}s` };

export const options = {
  discardResponseBodies: true,
  scenarios: {
    closed: {
      executor: 'ramping-vus',
      exec: 'submit',
      startVUs: rampSeconds > 0 ? 1 : users,
      stages: rampSeconds > 0 ? [{ target: users, duration: `${rampSeconds}s` }, hold] : [hold],
      gracefulRampDown: '30s',
      gracefulStop: '30s',
    },
  },
};

export const submit = createSubmit({ comeBack: true });
