import type { Stage } from '../../domain/stages.ts';
import type { State } from '../../domain/state-machine.ts';
import { isTerminal } from '../../domain/state-machine.ts';
import type { TransactionFacts, WhyLetter } from '../../store/pg/why.ts';
import { awaited } from '../awaited.ts';
import { counted, span } from '../output/text.ts';
import { ahead, reasonsOf } from './timeline.ts';

/** Where a transaction stands, in sentences. */
export interface Standing {
  readonly stands: string;
  /** Nothing, at its end. */
  readonly waitsFor?: string;
  /** What an operator can do. */
  readonly advice: string;
}

/** Where it stands, what it waits for and what an operator can do. The first that applies, in order of weight. */
export function standing(facts: TransactionFacts): Standing {
  if (isTerminal(facts.state)) return atItsEnd(facts);
  const last = facts.events.at(-1);
  const since = span(facts.now.getTime() - (last?.at ?? facts.updatedAt).getTime());
  const stands = `It is ${facts.state} and has not moved for ${since}.${sweeps(facts)}`;
  const waiting =
    buried(facts) ?? inLane(facts) ?? betweenAttempts(facts) ?? inOutbox(facts) ?? inKafka(facts);
  return { stands, ...waiting };
}

type Waiting = Omit<Standing, 'stands'>;

const ADVICE_AT_END: Readonly<
  Record<Extract<State, 'done' | 'rejected' | 'failed' | 'expired' | 'compensated'>, string>
> = {
  done: 'There is nothing to do.',
  rejected: 'The client has to correct it and submit it anew; nothing was called, or nothing remains of it.',
  failed: 'No effect remains at the remote system. It may be submitted anew, under another idempotency key.',
  expired: 'No effect remains at the remote system. It may be submitted anew, with a later deadline.',
  compensated: 'Its effect was undone. It may be submitted anew, under another idempotency key.',
};

function atItsEnd({ state, events, letters, acceptedAt, outbox }: TransactionFacts): Standing {
  const last = events.at(-1);
  const took = span((last?.at ?? acceptedAt).getTime() - acceptedAt.getTime());
  const why = state === 'done' ? '' : ` (${reasonsOf(last)})`;
  const open = letters.filter((letter) => letter.redrivenAt === null);
  const left =
    open.length === 0
      ? ''
      : ` ${counted(open.length, 'dead letter')} about it ${open.length === 1 ? 'is' : 'are'} left, without any weight.`;
  const untold = outbox.length === 0 ? '' : ` Its last event still waits in the outbox for the relay.`;
  if (!isTerminal(state)) throw new Error(`${state} is not an end`);
  return {
    stands: `It has ended as ${state}, after ${took}${why}.${untold}`,
    advice: `${ADVICE_AT_END[state]}${left}`,
  };
}

function sweeps({ sweeps }: TransactionFacts): string {
  return sweeps === 0 ? '' : ` The sweeper has published its event again ${counted(sweeps, 'time')} since.`;
}

/** The sweeper leaves alone what has an open dead letter: only a redrive moves it. */
function buried({ letters }: TransactionFacts): Waiting | undefined {
  const open = letters.filter((letter) => letter.certain && letter.redrivenAt === null);
  const [first] = open;
  if (!first) return undefined;
  const ids = open.map((letter: WhyLetter) => letter.id).join(' ');
  return {
    waitsFor: `It waits for dead letter ${ids.replaceAll(' ', ', ')} (${first.cause}); nothing else will move it.`,
    advice: `See \`sluice dlq show ${first.id}\`, remove the cause, then \`sluice dlq redrive --id ${ids}\`.`,
  };
}

/** The remote stage takes the transactions of a key one at a time. */
function inLane({ order, state, lane, key }: TransactionFacts): Waiting | undefined {
  const atRemote = awaited(order, state).some(({ stage }) => stage === 'remote');
  if (!atRemote || state === 'compensating' || !lane || lane.before === 0) return undefined;
  const { before, head, previousId } = lane;
  const behind = previousId === head.id ? head.id : `${head.id} first, ${previousId} right before it`;
  return {
    waitsFor: `It waits for its turn with key ${key}: ${before} before it, ${behind}; the first is ${head.state}.`,
    advice: `It goes on by itself once the first has passed the remote system: \`sluice why ${head.id}\`.`,
  };
}

function betweenAttempts({ now, nextAttemptAt, attempts, events }: TransactionFacts): Waiting | undefined {
  if (!nextAttemptAt) return undefined;
  const inMs = nextAttemptAt.getTime() - now.getTime();
  const when = inMs > 0 ? `in ${span(inMs)}` : `since ${span(-inMs)}, by the relay`;
  return {
    waitsFor: `It waits for call ${attempts + 1} of the remote system, due ${when} (${reasonsOf(events.at(-1))}).`,
    advice:
      inMs > -10_000
        ? 'It goes on by itself; whether it succeeds is up to the remote system (REMOTE_URL).'
        : 'Make sure that the relay is running: it schedules the attempts.',
  };
}

const OUTBOX_PATIENCE_MS = 10_000;

function inOutbox({ now, outbox }: TransactionFacts): Waiting | undefined {
  const row = outbox.find((waiting) => waiting.letterId === null || waiting.redrive);
  if (!row) return undefined;
  const ageMs = now.getTime() - row.createdAt.getTime();
  return {
    waitsFor:
      `It waits for the relay to publish ${row.event ?? `dead letter ${row.letterId}`}, for ${span(ageMs)} now, ` +
      `${ahead(row.before)}.`,
    advice:
      ageMs < OUTBOX_PATIENCE_MS
        ? 'That is on its way.'
        : 'Make sure that the relay is running and that Kafka answers: `sluice lag`.',
  };
}

const STAGE_PATIENCE_MS = 10_000;

function inKafka({ order, state, now, updatedAt }: TransactionFacts): Waiting {
  const targets = awaited(order, state);
  const names = targets.map(({ stage }: { stage: Stage }) => stage).join(' and ');
  const quiet = now.getTime() - updatedAt.getTime() < STAGE_PATIENCE_MS;
  return {
    waitsFor: `It waits for ${names} to work on ${targets[0]?.event}, which was published.`,
    advice: quiet
      ? 'That is on its way.'
      : `See with \`sluice lag\` whether ${names} is running and how far behind. A lost event is published again ` +
        'by the relay, once everything else has been consumed.',
  };
}
