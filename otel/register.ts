/**
 * Turns tracing on before anything else is loaded: `node --import otel/register.ts services/<role>/main.ts`.
 * Without an OTLP endpoint in the environment it does nothing and loads nothing.
 *
 *   OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT   where spans go (OTLP/http); turns it on
 *   OTEL_SDK_DISABLED=true                                            turns it off again
 *   OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG                      default parentbased_traceidratio, 1
 *   OTEL_SERVICE_NAME                                                 default sluice-<role>
 */
import { tracingWanted } from './tracing-env.ts';

if (tracingWanted(process.env)) {
  const { startTracing } = await import('./sdk.ts');
  startTracing(process.env, process.argv[1]);
}
