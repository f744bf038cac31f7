import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { ConfigError } from './config/config-error.ts';

export interface OperatorOptions {
  /** Directory with StageScalers: the operator runs without Kubernetes. Undefined: in Kubernetes. */
  readonly scalers: string | undefined;
  /** The operator's configuration file (connections to Kafka). Undefined: KAFKA_BROKERS. */
  readonly config: string | undefined;
  readonly supervisorUrl: string;
  readonly statusPort: number;
  readonly record: string | undefined;
  /** In Kubernetes: whose StageScalers; undefined: the operator's own. */
  readonly namespace: string | undefined;
  readonly allNamespaces: boolean;
  readonly kubeconfig: string | undefined;
}

const schema = z.object({
  scalers: z.string().min(1).optional(),
  config: z.string().min(1).optional(),
  supervisor: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }),
  statusPort: z.coerce.number().int().min(0).max(65_535),
  record: z.string().min(1).optional(),
  namespace: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'must be the name of a namespace')
    .optional(),
  allNamespaces: z.boolean().default(false),
  kubeconfig: z.string().min(1).optional(),
});

const HELP = `
Without --scalers it runs in Kubernetes, on the StageScalers of its namespace.

Environment: KAFKA_BROKERS (host:port, comma separated) instead of --config; ADMIN_HOST and ADMIN_PORT of
/livez, /readyz and /metrics; LOG_LEVEL; in Kubernetes POD_NAME, POD_NAMESPACE.`;

/** @throws ConfigError that lists every mistake; CommanderError of code `commander.helpDisplayed` after --help */
export function parseOptions(args: readonly string[]): OperatorOptions {
  const command = createCommand();
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError) || error.code === 'commander.helpDisplayed') throw error;
    throw new ConfigError('The command line', [error.message.replace(/^error: /, '')]);
  }
  const parsed = schema.safeParse(command.opts());
  if (!parsed.success)
    throw new ConfigError(
      'The command line',
      parsed.error.issues.map(({ path, message }) => `--${kebab(String(path[0]))}: ${message}`),
    );
  const { supervisor: supervisorUrl, scalers, config, record, namespace, kubeconfig, ...rest } = parsed.data;
  return { supervisorUrl, scalers, config, record, namespace, kubeconfig, ...rest };
}

function createCommand(): Command {
  return new Command('sluice operator')
    .description('Sets the replicas of Kafka consumers so that no event waits longer than it may.')
    .option('--scalers <dir>', 'read StageScalers from the YAML files of a directory, not from Kubernetes')
    .option('--config <file>', 'connections to Kafka, as YAML')
    .option('--supervisor <url>', 'what scales the stages of kind Http', 'http://127.0.0.1:8070')
    .option('--status-port <n>', 'port of GET /scalers on 127.0.0.1; 0: any', '8071')
    .option('--record <file>', 'append every observation to a file, for sluice what-if')
    .option('--namespace <name>', 'look after the StageScalers of this namespace (default: its own)')
    .option('--all-namespaces', 'look after those of all namespaces; needs a ClusterRole')
    .option('--kubeconfig <file>', 'how to reach Kubernetes (default: KUBECONFIG, or the service account)')
    .addHelpText('after', HELP)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
}

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
