/** What the client knows of one submission: everything it will hold the pipeline to. */
export interface Entry {
  readonly idempotencyKey: string;
  readonly kind: SubmissionKind;
  readonly body: string;
  attempts: number;
  /** From the first 202; every later answer has to name the same one. */
  id: string | undefined;
  /** Given up after a refusal, which says that nothing was stored. */
  refused: boolean;
}

/**
 * good: ends as done unless the remote fails for good. unpayable: accepted, ends without success. malformed:
 * never accepted.
 */
export type SubmissionKind = 'good' | 'unpayable' | 'malformed';

export interface Tally {
  readonly accepted: number;
  readonly malformed: number;
  /** Answers 503 with a Retry-After. */
  readonly refusals: number;
  /** Requests without an answer: the connection broke or could not be made. */
  readonly lost: number;
  /** Submissions that were sent again and answered with the id of the first time. */
  readonly repeated: number;
  /** Accepted or refused only after a refusal or a lost answer, or still open. */
  readonly open: number;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** What is to be done about a submission after an answer. */
export type Next = { readonly kind: 'settled' } | { readonly kind: 'again'; readonly afterMs: number };

const AGAIN_MS = 250;
const SETTLED: Next = { kind: 'settled' };

/** The client's own books: every submission and its answers, and every answer that should not have been. */
export class Journal {
  readonly entries: Entry[] = [];
  /** Answers that break a promise, in words; the first of them. */
  readonly complaints: string[] = [];
  private refusals = 0;
  private lost = 0;
  private repeated = 0;
  private readonly giveUpWhenRefused: boolean;

  /** `giveUpWhenRefused`: a refused submission is not sent again. */
  constructor(giveUpWhenRefused: boolean) {
    this.giveUpWhenRefused = giveUpWhenRefused;
  }

  add(entry: Pick<Entry, 'idempotencyKey' | 'kind' | 'body'>): Entry {
    const added = { ...entry, attempts: 0, id: undefined, refused: false };
    this.entries.push(added);
    return added;
  }

  noAnswer(): Next {
    this.lost++;
    return { kind: 'again', afterMs: AGAIN_MS };
  }

  answer(entry: Entry, answer: Answer): Next {
    const { status, contentType, retryAfter, text } = answer;
    if (status === 202) return this.accepted(entry, text);
    if (!contentType.startsWith('application/problem+json'))
      this.complain(`${status} is no problem: ${contentType} ${text.slice(0, 200)}`);
    if (status === 400 && entry.kind === 'malformed') return SETTLED;
    if (status === 503) return this.refused(entry, retryAfter);
    // The first request may still be at work on the server when its connection is gone.
    if (status === 409 && entry.attempts > 1) return { kind: 'again', afterMs: AGAIN_MS };
    this.complain(`${status} for a ${entry.kind} submission: ${text.slice(0, 300)}`);
    return status >= 500 ? { kind: 'again', afterMs: AGAIN_MS } : SETTLED;
  }

  tally(): Tally {
    const { refusals, lost, repeated } = this;
    const count = (of: (entry: Entry) => boolean) => this.entries.filter(of).length;
    const accepted = count(({ id }) => id !== undefined);
    const malformed = count(({ kind }) => kind === 'malformed');
    const open = count(({ id, kind, refused }) => id === undefined && !refused && kind !== 'malformed');
    return { accepted, malformed, refusals, lost, repeated, open };
  }

  private accepted(entry: Entry, text: string): Next {
    const { id } = JSON.parse(text) as { id?: string };
    if (typeof id !== 'string') this.complain(`202 without an id: ${text.slice(0, 200)}`);
    else if (entry.kind === 'malformed') this.complain(`202 for a malformed submission: ${id}`);
    else if (entry.id !== undefined && entry.id !== id)
      this.complain(`${entry.idempotencyKey} got ${entry.id}, and then ${id}`);
    else if (entry.id === id) this.repeated++;
    entry.id ??= id;
    return SETTLED;
  }

  private refused(entry: Entry, retryAfter: string | undefined): Next {
    this.refusals++;
    const seconds = Number(retryAfter);
    if (retryAfter === undefined || !Number.isInteger(seconds))
      this.complain(`503 with Retry-After ${retryAfter}`);
    if (entry.id !== undefined) return SETTLED;
    entry.refused = this.giveUpWhenRefused && entry.attempts === 1;
    if (entry.refused) return SETTLED;
    // Sooner than asked, so that a round does not take longer than its fault.
    return { kind: 'again', afterMs: Math.min(seconds * 1_000 || AGAIN_MS, 2 * AGAIN_MS) };
  }

  private complain(text: string): void {
    if (this.complaints.length < 20) this.complaints.push(text);
  }
}
