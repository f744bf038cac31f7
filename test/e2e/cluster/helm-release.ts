import { CHART, run } from '../../chart/helm.ts';
import { CommandError } from './kubectl.ts';

export interface HelmReleaseOptions {
  /** Command or path of helm. */
  readonly command: string;
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly name: string;
  /** Files of values, the later ones win. */
  readonly values: readonly string[];
  /** `key.path=value` each, over the files. */
  readonly set: readonly string[];
}

const TIMEOUT = '5m';

/** The chart as one release: what a user would type. Every method resolves to what helm prints. */
export class HelmRelease {
  readonly options: HelmReleaseOptions;

  constructor(options: HelmReleaseOptions) {
    this.options = options;
  }

  /** Until everything is ready, unless told otherwise. @throws CommandError */
  install(set: readonly string[] = [], flags: readonly string[] = ['--wait']): Promise<string> {
    return this.helm('install', [CHART, ...this.values(set), `--timeout=${TIMEOUT}`, ...flags]);
  }

  /** @throws CommandError */
  upgrade(set: readonly string[] = []): Promise<string> {
    return this.helm('upgrade', [CHART, ...this.values(set), '--wait', `--timeout=${TIMEOUT}`]);
  }

  /** @throws CommandError */
  rollback(revision: number): Promise<string> {
    return this.helm('rollback', [String(revision), '--wait', `--timeout=${TIMEOUT}`]);
  }

  /** @throws CommandError */
  test(): Promise<string> {
    return this.helm('test', ['--logs']);
  }

  /** Until its pods are gone. @throws CommandError */
  uninstall(): Promise<string> {
    return this.helm('uninstall', ['--wait', `--timeout=${TIMEOUT}`, '--ignore-not-found']);
  }

  private values(set: readonly string[]): string[] {
    const files = this.options.values.map((file) => `--values=${file}`);
    return [...files, ...[...this.options.set, ...set].map((item) => `--set=${item}`)];
  }

  private async helm(verb: string, args: readonly string[]): Promise<string> {
    const { command, kubeconfig, namespace, name } = this.options;
    const place = [`--kubeconfig=${kubeconfig}`, `--namespace=${namespace}`];
    const { code, stdout, stderr } = await run(command, [verb, name, ...args, ...place]);
    if (code === 0) return stdout;
    throw new CommandError(`helm ${verb} ${name} ${args.join(' ')}: ${stderr.trim()}\n${stdout.trim()}`);
  }
}
