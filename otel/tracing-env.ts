type Env = Readonly<Record<string, string | undefined>>;

/** Whether tracing is asked for: an OTLP endpoint is named, and OTEL_SDK_DISABLED does not say otherwise. */
export function tracingWanted(env: Env): boolean {
  const endpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  return Boolean(endpoint) && env['OTEL_SDK_DISABLED']?.trim().toLowerCase() !== 'true';
}

const MAIN = /services[\\/](.+?)[\\/]main\.[jt]s$/;

/**
 * The service's name where OTEL_SERVICE_NAME does not give one: `sluice-<role>`, by the folder of the main file
 * that is being run; a stage is known by its own name.
 */
export function defaultServiceName(mainPath: string | undefined, env: Env): string {
  const role = MAIN.exec(mainPath ?? '')?.[1];
  const name = role === 'stages' ? env['STAGE'] : role;
  return name ? `sluice-${name}` : 'sluice';
}
