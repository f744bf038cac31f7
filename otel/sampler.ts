import type { Sampler } from '@opentelemetry/sdk-trace';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';

type Env = Readonly<Record<string, string | undefined>>;

const ROOT_SAMPLERS: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
};
const PARENT_BASED = 'parentbased_';

/** By the names of OTEL_TRACES_SAMPLER that OpenTelemetry specifies; without one, or another, parentbased_traceidratio. */
export function samplerOf(env: Env): Sampler {
  const argument = Number(env['OTEL_TRACES_SAMPLER_ARG'] || 1);
  const ratio = argument >= 0 && argument <= 1 ? argument : 1;
  const name = env['OTEL_TRACES_SAMPLER'] ?? '';
  const create = ROOT_SAMPLERS[name.replace(PARENT_BASED, '')];
  const root = create?.(ratio) ?? new TraceIdRatioBasedSampler(ratio);
  return create && !name.startsWith(PARENT_BASED) ? root : new ParentBasedSampler({ root });
}
