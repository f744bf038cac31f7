import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { EventData, Reason } from '../../domain/events.ts';
import type { Order, State } from '../../domain/state-machine.ts';
import { MicroBatcher } from '../../runtime/micro-batcher.ts';
import type { StageMessage } from '../../runtime/parse-message.ts';
import type { Step, StepResult } from '../../runtime/step.ts';
import { PACE_MS, dlq, ok, onlyFrom } from '../../runtime/step.ts';
import type { Query } from '../../store/port.ts';
import type { Registry } from '../../transactions/registry.ts';
import type { TransactionType, Verdict } from '../../transactions/type.ts';
import type { LoadMeter } from '../../runtime/load-meter.ts';

export interface ValidateOptions {
  readonly registry: Registry;
  readonly query: Query;
  readonly load: LoadMeter;
}

/** The states in which there is no verdict yet: a second delivery must not judge again. */
const OPEN: Record<Order, readonly State[]> = { chained: ['accepted'], fanOut: ['accepted', 'responded'] };

type Check = (payload: unknown, traceparent: string) => Promise<Verdict>;

/**
 * The stage `validate`: the payload against its type's JSON Schema, then against the database, many at once.
 * Valid: `validated` with the same data. Invalid: `rejected`; in fan-out, where the remote may have been
 * called already, `compensation-requested`.
 */
export function createValidateStep(options: ValidateOptions): Step {
  const checks = new Map(options.registry.types.map((type) => [type.name, createCheck(type, options)]));
  return async function validateStep(message) {
    const work = message.data as EventData['new'];
    const check = checks.get(work.type);
    if (!check) return dlq('unknown-type', `There is no transaction type ${JSON.stringify(work.type)} here.`);
    const verdict = await check(work.payload, message.traceparent);
    const result = verdict.valid
      ? ok({ event: 'validated', data: message.text, attempt: 1 })
      : invalid(message, verdict.reasons);
    return onlyFrom(OPEN[work.order], result);
  };
}

function createCheck(type: TransactionType, { query, load }: ValidateOptions): Check {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  addFormats.default(ajv);
  const matches = ajv.compile(type.payloadSchema);
  const database = new MicroBatcher<unknown, Verdict>({
    name: `check ${type.name}`,
    flushers: 2,
    paceMs: PACE_MS,
    flush: async (payloads) => {
      const end = load.begin();
      try {
        return await type.validate(payloads, query);
      } finally {
        end();
      }
    },
  });
  return async (payload, traceparent) => {
    if (matches(payload)) return database.add(payload, traceparent);
    const reasons = (matches.errors ?? []).map((error) => ({
      code: 'schema',
      message: error.message ?? 'does not match the schema',
      field: error.instancePath,
    }));
    return { valid: false, reasons };
  };
}

function invalid(message: StageMessage, reasons: readonly Reason[]): StepResult {
  const { id, key, type, order, payload } = message.data as EventData['new'];
  const verdict = { id, key, type, order, reasons };
  if (order === 'chained') return ok({ event: 'rejected', data: JSON.stringify(verdict), attempt: 1 });
  const data: EventData['compensation-requested'] = { ...verdict, payload, cause: 'rejected' };
  return ok({ event: 'compensation-requested', data: JSON.stringify(data), attempt: 1 });
}
