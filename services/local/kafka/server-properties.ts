export interface ServerPropertiesOptions {
  /** Address that the broker binds; clients are told 127.0.0.1 with the same port. */
  readonly listenHost: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly logDir: string;
}

/**
 * One node that is broker and controller, small: the defaults are those of a server with many cores, and its log
 * cleaner alone takes 128 MB of heap. A session of 3 s lets a killed broker come back in 5 s instead of 12.
 */
const SMALL = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'PLAINTEXT',
  'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '6000',
  'auto.create.topics.enable': 'false',
  'log.cleaner.dedupe.buffer.size': '2097152',
  'log.cleaner.threads': '1',
  'num.network.threads': '2',
  'num.io.threads': '2',
  'background.threads': '2',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '1000',
};

/** The broker's configuration file. The controller listens on 127.0.0.1 only. */
export function serverProperties(options: ServerPropertiesOptions): string {
  const { listenHost, port, controllerPort, logDir } = options;
  const properties = {
    ...SMALL,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://${listenHost}:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'log.dirs': logDir,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeValue(value)}\n`)
    .join('');
}

/** Backslashes of a path would be read as escapes; leading blanks would be dropped. */
function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replace(/^ /, '\\ ');
}
