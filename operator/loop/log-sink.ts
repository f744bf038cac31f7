import type { Logger } from '../../otel/logger.ts';
import type { Outcome, OutcomeSink } from './ports.ts';

/** One line for every change of replicas, and for every other outcome when it begins. */
export function createLogSink(log: Logger): OutcomeSink {
  let before = new Map<string, string>();
  return {
    accept: (outcomes, _at, unread = []) => {
      const now = new Map<string, string>();
      for (const outcome of outcomes) {
        const name = outcome.scaler.spec.name;
        const kind = kindOf(outcome);
        now.set(name, kind);
        // Told when it has ended.
        if (outcome.result === 'applying') continue;
        if (before.get(name) !== kind) log.info(fieldsOf(outcome), outcome.decision.message);
      }
      for (const { scaler, error } of unread) {
        const { name } = scaler.spec;
        now.set(name, 'unread');
        if (before.get(name) !== 'unread')
          log.warn({ scaler: name, err: error }, 'the target cannot be read');
      }
      before = now;
    },
    settle: (outcome) => {
      if (outcome.result === 'scaled') log.info(fieldsOf(outcome), outcome.decision.message);
      else log.warn(fieldsOf(outcome), `scaling has failed: ${outcome.error}`);
    },
  };
}

function kindOf({ result, observation, decision }: Outcome): string {
  const { lag } = observation;
  const unknown = lag.kind === 'unknown' ? lag.reason : '';
  return `${result} ${decision.reason} ${unknown}`;
}

function fieldsOf({ scaler, observation, decision, result }: Outcome): object {
  const { lag, replicas } = observation;
  return {
    scaler: scaler.spec.name,
    reason: decision.reason,
    result,
    replicas: replicas.desired,
    decided: decision.replicas,
    ...(lag.kind === 'unknown' ? { lagUnknown: lag.reason, lagMessage: lag.message } : {}),
  };
}
