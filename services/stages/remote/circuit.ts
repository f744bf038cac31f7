import {
  CircuitState,
  ExponentialBackoff,
  SamplingBreaker,
  circuitBreaker,
  handleAll,
  isBrokenCircuitError,
} from 'cockatiel';
import type { RemoteOutcome } from '../../runtime/remote-client.ts';

export interface Circuit {
  /**
   * Makes the call once the circuit lets it through. While it is open calls wait, so the stage's window fills,
   * it stops taking messages over, and they wait in Kafka: nothing is written and no attempt is used up.
   */
  call(make: () => Promise<RemoteOutcome>): Promise<RemoteOutcome>;
  /** 0 closed, 1 half open, 2 open. */
  state(): number;
}

class NoAnswer extends Error {
  readonly outcome: RemoteOutcome;
  constructor(outcome: RemoteOutcome) {
    super(outcome.kind);
    this.outcome = outcome;
  }
}

const PROBE_WAIT_MS = 100;

/**
 * Opens when at least half of the calls of 10 s (20 at least) got no answer; probes after 1 s, 2 s … 15 s. A remote
 * that refuses because it is full is there, and busy with what it has taken: to stop calling would leave it idle.
 */
export function createCircuit(): Circuit {
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: new ExponentialBackoff({ initialDelay: 1_000, maxDelay: 15_000 }),
    breaker: new SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 2 }),
  });
  return {
    call: async (make) => {
      for (;;) {
        try {
          return await breaker.execute(() => answered(make));
        } catch (error) {
          if (error instanceof NoAnswer) return error.outcome;
          if (!isBrokenCircuitError(error)) throw error;
          await new Promise((resolve) => setTimeout(resolve, PROBE_WAIT_MS * (0.5 + Math.random())));
        }
      }
    },
    state: () => {
      if (breaker.state === CircuitState.Closed) return 0;
      return breaker.state === CircuitState.HalfOpen ? 1 : 2;
    },
  };
}

async function answered(make: () => Promise<RemoteOutcome>): Promise<RemoteOutcome> {
  const outcome = await make();
  if (outcome.kind === 'answered' || (outcome.kind === 'refused' && outcome.notNow)) return outcome;
  throw new NoAnswer(outcome);
}
