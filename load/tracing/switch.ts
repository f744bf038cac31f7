/**
 * Preloaded into the services: the part of all transactions that they trace is what the file named in this module's URL
 * (`?file=`) says, at any time. So one way of sampling can be measured against another in the same processes.
 */
import { readFileSync, watchFile } from 'node:fs';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { LOOK_MS } from './switching.ts';

const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const read = (): number => Number.parseFloat(readFileSync(file, 'utf8'));
let part = read();

watchFile(file, { persistent: false, interval: LOOK_MS }, () => {
  part = read() || 0;
});
TraceIdRatioBasedSampler.prototype.shouldSample = () => ({
  decision: Math.random() < part ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD,
});
