import type { LocalConfig, PortName } from './config.ts';
import type { PortAllocator } from './free-port.ts';

export interface LocalPorts extends Readonly<Record<PortName, number>> {
  /** Of Kafka's controller, which only the broker itself talks to. */
  readonly controller: number;
}

/** Taken when they are free and nothing else was asked for. */
const PREFERRED: Readonly<Record<PortName, number>> = {
  API_PORT: 8080,
  SUPERVISOR_PORT: 8070,
  OPERATOR_PORT: 8071,
  SIMULATOR_PORT: 8090,
  KAFKA_PORT: 9092,
  POSTGRES_PORT: 5432,
};

/** The ports of everything that will be started. @throws PortInUseError */
export async function choosePorts(
  config: LocalConfig,
  allocator: PortAllocator,
  operator: boolean,
): Promise<LocalPorts> {
  const take = (name: PortName, needed = true): Promise<number> =>
    needed
      ? allocator.take({ name, explicit: config.ports[name], preferred: PREFERRED[name] })
      : Promise.resolve(0);
  return {
    API_PORT: await take('API_PORT'),
    SUPERVISOR_PORT: await take('SUPERVISOR_PORT'),
    OPERATOR_PORT: await take('OPERATOR_PORT', operator),
    SIMULATOR_PORT: await take('SIMULATOR_PORT'),
    KAFKA_PORT: await take('KAFKA_PORT', config.brokers === undefined),
    POSTGRES_PORT: await take('POSTGRES_PORT', config.databaseUrl === undefined),
    controller: await allocator.any(),
  };
}
