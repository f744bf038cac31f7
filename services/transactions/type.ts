import type { Reason } from '../domain/events.ts';
import type { Order } from '../domain/state-machine.ts';
import type { Query } from '../store/port.ts';

/** A call to the user's remote system. */
export interface RemoteRequest {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Path below the remote's base URL. */
  readonly path: string;
  readonly body?: unknown;
}

export type RemoteAnswer =
  | { readonly kind: 'ok'; readonly response: unknown }
  /** The remote understood and refused: no effect, no retry. */
  | { readonly kind: 'declined'; readonly reasons: readonly Reason[] };

export type Verdict =
  | { readonly valid: true }
  | { readonly valid: false; readonly reasons: readonly Reason[] };

/**
 * A transaction type: everything that is special about one kind of transaction. Adding one is adding a folder
 * beside `payment` and a line in `registry.ts`; no stage changes.
 */
export interface TransactionType<Payload = unknown> {
  readonly name: string;
  readonly order: Order;
  /** JSON Schema of the payload, closed (`additionalProperties: false`); also the API's documentation. */
  readonly payloadSchema: object;
  readonly example: Payload;
  /** Checks against the database, for a whole batch at once; verdicts in the order of the payloads. */
  validate(payloads: readonly Payload[], query: Query): Promise<Verdict[]>;
  /** The call that does the work. `id` is sent as the idempotency key by the stage. */
  toRemote(id: string, payload: Payload): RemoteRequest;
  /** The call that undoes it; the remote must refuse the original afterwards, and accept this one twice. */
  toReversal(id: string, payload: Payload): RemoteRequest;
  /** Reads an answer of the remote; throws when it is not one. */
  fromRemote(statusCode: number, body: unknown): RemoteAnswer;
  /** Whether a reversal found an effect to undo; undefined when this is no answer to a reversal: tried again. */
  reversed(statusCode: number, body: unknown): boolean | undefined;
  /** What the client gets as `result`. */
  toResult(response: unknown): unknown;
  /**
   * SQL that saves the result in the business tables, run in the statement that makes the transaction `done`.
   * Reads from the CTE `settled(transaction_id uuid, payload jsonb, response jsonb)`.
   */
  readonly settleSql: string;
}
