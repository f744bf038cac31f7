import type { KeyedEffect } from '../../store/pg/audit.ts';

/**
 * Checks that the remote system has worked on the transactions of each key in the order in which they were
 * accepted. Must be fed in order of key, then of acceptance.
 *
 * What is proven: of two transactions of the pipeline with the same key that have both had an effect, the one
 * whose row was written earlier has the earlier effect. Rows of one key are written one batch after the other
 * (accepting locks the key until it has committed) and within a batch in order of submission, each with the
 * database's clock at that moment, so their times tell the order that was promised. Not judged: rows that bear
 * the same microsecond, and synchronous transactions, for which no order is promised. A database clock that was
 * set back between two submissions is reported here although nothing else is wrong.
 */
export class KeyOrder {
  private key: string | undefined;
  /** Of those accepted before the present microsecond. */
  private before: KeyedEffect | undefined;
  /** Of those accepted before the present one, or in its microsecond. */
  private latest: KeyedEffect | undefined;
  private previousAt = '';

  /** Why this effect is out of order, if it is. */
  add(effect: KeyedEffect): string | undefined {
    if (effect.key !== this.key) {
      this.key = effect.key;
      this.before = undefined;
      this.latest = undefined;
    } else if (effect.acceptedAt !== this.previousAt) this.before = this.latest;
    this.previousAt = effect.acceptedAt;
    if (!this.latest || effect.seq > this.latest.seq) this.latest = effect;
    const { before } = this;
    if (!before || before.seq < effect.seq) return undefined;
    return (
      `had its effect (${effect.seq}) before ${before.id} (${before.seq}), ` +
      `which was accepted earlier with key ${JSON.stringify(effect.key)}`
    );
  }
}
