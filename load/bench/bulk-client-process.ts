import { once } from 'node:events';
import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import split2 from 'split2';
import { createPayments, toBody } from '../lib/payments.ts';
import { reportToParent } from '../lib/reporting-process.ts';
import type { BulkReport, BulkSpec } from './bulk-client.ts';

const LINES_PER_WRITE = 200;

await reportToParent<BulkReport>(async (argument) => {
  const spec = argument as BulkSpec;
  const began = performance.now();
  const headers = { 'content-type': 'application/x-ndjson' };
  const outgoing = request(spec.url, { method: 'POST', headers });
  const answered = once(outgoing, 'response') as Promise<[IncomingMessage]>;
  const sending = send(outgoing, spec);
  const [response] = await answered;
  if (response.statusCode !== 200) throw new Error(`The API answered ${response.statusCode}.`);
  const read = await readAnswer(response, spec.lines);
  await sending;
  return { ...read, sent: spec.lines, seconds: (performance.now() - began) / 1_000 };
});

/** As fast as the other side takes them. */
async function send(stream: ClientRequest, { lines, seed, accounts }: BulkSpec): Promise<void> {
  const next = createPayments({ seed, accounts });
  for (let sent = 0; sent < lines; sent += LINES_PER_WRITE) {
    const count = Math.min(LINES_PER_WRITE, lines - sent);
    let text = '';
    for (let i = 0; i < count; i++) text += `${toBody(next())}\n`;
    if (!stream.write(text)) await once(stream, 'drain');
  }
  stream.end();
}

async function readAnswer(
  stream: IncomingMessage,
  lines: number,
): Promise<Pick<BulkReport, 'accepted' | 'uniqueIds' | 'refused' | 'inOrder' | 'summary'>> {
  const ids = new Set<string>();
  let [accepted, refused, expected] = [0, 0, 1];
  let inOrder = true;
  let summary: unknown;
  for await (const text of stream.pipe(split2()) as AsyncIterable<string>) {
    const answer = JSON.parse(text) as { line?: number; id?: string };
    if (answer.line === undefined) {
      summary = answer;
      continue;
    }
    inOrder &&= answer.line === expected++;
    if (answer.id === undefined) refused++;
    else {
      accepted++;
      ids.add(answer.id);
    }
  }
  return { accepted, uniqueIds: ids.size, refused, inOrder: inOrder && expected === lines + 1, summary };
}
