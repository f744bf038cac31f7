import { z } from 'zod';
import { eventually } from '../cluster/eventually.ts';

const PAYMENT = { debtor: 'ACC-000001', creditor: 'ACC-000002', amount: 1250, currency: 'EUR' };
const END = ['done', 'rejected', 'failed', 'expired', 'compensated'];

const accepted = z.object({ id: z.string() });
const current = z.object({ state: z.string() });

/** Submits a payment. @throws Error when it is not accepted */
export async function submitPayment(
  apiUrl: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const response = await fetch(`${apiUrl}/v1/transactions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ type: 'payment', payload: PAYMENT }),
  });
  if (response.status !== 202) throw new Error(`POST: ${response.status} ${await response.text()}`);
  return accepted.parse(await response.json()).id;
}

/** The state in which a transaction ends. */
export function endOf(apiUrl: string, id: string, timeoutMs: number): Promise<string> {
  return eventually(
    `the end of ${id}`,
    async () => {
      const response = await fetch(`${apiUrl}/v1/transactions/${id}?wait=2s`);
      const { state } = current.parse(await response.json());
      return END.includes(state) && state;
    },
    timeoutMs,
  );
}
