import { expect, test } from 'vitest';
import type { LoggerOptions } from './logger.ts';
import { aboutTransaction, createLogger } from './logger.ts';

function capture(level?: LoggerOptions['level']) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger('relay', { ...(level && { level }), destination });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

test('a line is JSON with service, level as text and ISO time', () => {
  const { log, lines, last } = capture();
  log.info({ topic: 't', batchSize: 3 }, 'batch sent');
  expect(lines).toHaveLength(1);
  expect(last()).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    service: 'relay',
    topic: 't',
    batchSize: 3,
    msg: 'batch sent',
  });
});

test('an error is written with type, message, stack, code and cause', () => {
  const { log, last } = capture();
  const cause = new Error('connection refused');
  log.error({ err: Object.assign(new Error('send failed', { cause }), { code: 'kafka' }) }, 'no');
  expect(last()['err']).toMatchObject({
    type: 'Error',
    code: 'kafka',
    message: expect.stringContaining('send failed'),
  });
  expect(JSON.stringify(last()['err'])).toContain('connection refused');
});

test('a line about a transaction names it and its trace', () => {
  const { log, last } = capture();
  log.warn(aboutTransaction('id-1', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'), 'late');
  expect(last()).toMatchObject({
    transactionId: 'id-1',
    trace_id: '0af7651916cd43dd8448eb211c80319c',
    span_id: 'b7ad6b7169203331',
    trace_flags: '01',
    msg: 'late',
  });
  for (const traceparent of [undefined, 'nonsense']) {
    log.warn(aboutTransaction('id-2', traceparent), 'late');
    expect(last()).not.toHaveProperty('trace_id');
  }
});

test('what a client sent never gets into a log', () => {
  const { log, lines } = capture();
  log.info({ payload: { iban: 'X1' }, body: 'X2', value: 'X3', transaction: { payload: 'X4' } }, 'received');
  expect(lines.join('')).not.toMatch(/X\d/);
  expect(lines.join('')).toContain('[redacted]');
});

test('lines below the level are not written', () => {
  const { log, lines } = capture('warn');
  log.info('no');
  log.warn('yes');
  expect(lines).toHaveLength(1);
});
