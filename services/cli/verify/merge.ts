import type {
  AuditEvent,
  AuditRow,
  AuditSnapshot,
  Cursor,
  Effect,
  OpenLetter,
  PaymentRow,
} from '../../store/pg/audit.ts';

/** Everything that is known of one transaction id. Without a row, what is there belongs to nothing. */
export interface Dossier {
  readonly id: string;
  readonly row: AuditRow | undefined;
  /** In order of version. */
  readonly events: readonly AuditEvent[];
  readonly payments: readonly PaymentRow[];
  /** Places in the lane of its key. */
  readonly lanes: number;
  readonly openLetters: readonly OpenLetter[];
  readonly effect: Effect | undefined;
}

/**
 * One dossier per id that occurs anywhere, in order of id: a merge of sorted cursors, so that memory does not
 * grow with the number of transactions.
 */
export async function* dossiers(snapshot: AuditSnapshot): AsyncGenerator<Dossier> {
  const rows = new Sorted(await snapshot.transactions());
  const events = new Sorted(await snapshot.events());
  const payments = new Sorted(await snapshot.payments());
  const lanes = new Sorted(await snapshot.lanes());
  const letters = new Sorted(await snapshot.openLetters());
  const effects = new Sorted(await snapshot.effects());
  const all = [rows, events, payments, lanes, letters, effects];
  for (;;) {
    for (const sorted of all) if (sorted.needsMore) await sorted.fetch();
    const id = smallest(all);
    if (id === undefined) return;
    yield {
      id,
      row: (await rows.take(id))[0],
      events: await events.take(id),
      payments: await payments.take(id),
      lanes: (await lanes.take(id)).length,
      openLetters: await letters.take(id),
      effect: (await effects.take(id))[0],
    };
  }
}

/** UUIDs as Postgres writes them sort as text as they sort as bytes. */
function smallest(all: readonly Sorted<{ readonly id: string }>[]): string | undefined {
  let least: string | undefined;
  for (const { head } of all) if (head !== undefined && (least === undefined || head < least)) least = head;
  return least;
}

/** A cursor that is sorted by id, read id by id. */
class Sorted<Row extends { readonly id: string }> {
  private readonly cursor: Cursor<Row>;
  private rows: readonly Row[] = [];
  private at = 0;
  private ended = false;

  constructor(cursor: Cursor<Row>) {
    this.cursor = cursor;
  }

  get needsMore(): boolean {
    return !this.ended && this.at === this.rows.length;
  }

  /** Id of the next row. */
  get head(): string | undefined {
    return this.rows[this.at]?.id;
  }

  async fetch(): Promise<void> {
    this.rows = await this.cursor.next();
    this.at = 0;
    this.ended = this.rows.length === 0;
  }

  /** The rows of this id, which must not lie behind the head. */
  async take(id: string): Promise<Row[]> {
    const taken: Row[] = [];
    while (this.head === id) {
      taken.push(this.rows[this.at++]!);
      if (this.needsMore) await this.fetch();
    }
    return taken;
  }
}
