import type { ServiceContext } from '../../otel/lifecycle.ts';
import type { BrokerAdmin } from '../broker/port.ts';
import { codeOf, messageOf } from '../error-message.ts';
import { placeOf } from '../store/place-of.ts';
import type { SchemaStore } from '../store/port.ts';
import { NotYetError, waitUntilDone } from './wait-until-done.ts';

/** Something that has to be there before a process can do its work: rejects with NotYetError while it is not. */
export type Requirement = () => Promise<unknown>;

/** The database answers, and has the schema that this version works on (or a later one). */
export function databaseOf(store: SchemaStore, databaseUrl: string): Requirement {
  const place = placeOf(databaseUrl);
  return async () => {
    const missing = await store.missingMigrations().catch((error: unknown) => {
      const code = codeOf(error);
      const what = code === '' || messageOf(error).includes(code) ? '' : ` (${code})`;
      throw new NotYetError(`the database ${place} is not there: ${messageOf(error)}${what}`, {
        cause: error,
      });
    });
    if (missing.length > 0)
      throw new NotYetError(
        `the schema of the database ${place} lacks ${missing.join(', ')}: \`sluice migrate\` brings it up to date`,
      );
  };
}

/** Kafka answers as `check` wants it; with a client of its own each time, which has nothing to remember. */
export function kafkaOf(
  openAdmin: () => BrokerAdmin,
  check: (admin: BrokerAdmin) => Promise<unknown>,
): Requirement {
  return async () => {
    const admin = openAdmin();
    try {
      await check(admin);
    } finally {
      // Not waited for: that may take as long as an answer that never comes.
      void admin.disconnect().catch(() => {});
    }
  };
}

const INTERVAL_MS = 1_000;
const REPEAT_MS = 5_000;
/** A server that takes connections and never answers. */
const CHECK_TIMEOUT_MS = 20_000;

/**
 * Resolves when everything is there; until then the process is alive and not ready, and says in its log and by its
 * readiness what it waits for.
 * @throws WaitedTooLongError, AbortError
 */
export async function awaitRequirements(
  requirements: readonly Requirement[],
  timeoutSeconds: number,
  { log, signal, waitFor }: Pick<ServiceContext, 'log' | 'signal' | 'waitFor'>,
): Promise<void> {
  const startedMs = performance.now();
  let waited = false;
  await waitUntilDone({
    attempt: () => checkAll(requirements, waitFor),
    timeoutMs: timeoutSeconds * 1_000,
    intervalMs: INTERVAL_MS,
    repeatMs: REPEAT_MS,
    signal,
    onWait: ({ message }, waitedMs) => {
      waited = true;
      log.warn({ waitedSeconds: Math.round(waitedMs / 1_000) }, `waiting: ${message}`);
    },
  });
  waitFor(undefined);
  const waitedSeconds = Math.round((performance.now() - startedMs) / 1_000);
  if (waited) log.info({ waitedSeconds }, 'what was waited for is there');
}

/** All at once; what is missing is told together. */
async function checkAll(
  requirements: readonly Requirement[],
  waitFor: (reason: string | undefined) => void,
): Promise<void> {
  const outcomes = await Promise.allSettled(requirements.map((check) => inTime(check())));
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  for (const error of errors) if (!(error instanceof NotYetError)) throw error;
  if (errors.length === 0) return;
  const reason = errors.map(messageOf).join('; ');
  waitFor(reason);
  throw new NotYetError(reason, { cause: errors[0] });
}

async function inTime(check: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new NotYetError(`no answer from a server within ${CHECK_TIMEOUT_MS / 1_000} s`)),
    CHECK_TIMEOUT_MS,
  );
  try {
    await Promise.race([check, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
