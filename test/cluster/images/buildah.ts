import { join } from 'node:path';
import type { CommandOptions } from '../command.ts';
import { command } from '../command.ts';

export interface BuildOptions {
  /** Directory that the build may copy from. */
  readonly context: string;
  /** Path of the Containerfile. */
  readonly file: string;
  readonly reference: string;
  readonly args?: Readonly<Record<string, string>>;
  /** Keep the outcome of each step for the next build. */
  readonly layers?: boolean;
}

const AUTHORITY = '/tmp/authorities.crt';

/** Builds images without a daemon, from base images that it has built itself: nothing is pulled. Needs root. */
export class Buildah {
  private readonly storage: string;
  private readonly options: CommandOptions;

  /** @param storage directory of its own */
  constructor(storage: string, options: CommandOptions) {
    this.storage = storage;
    this.options = options;
  }

  /** @throws CommandError */
  async build({ context, file, reference, args = {}, layers = false }: BuildOptions): Promise<void> {
    const given = Object.entries(args).map(([name, value]) => `--build-arg=${name}=${value}`);
    const flags = [
      '--isolation=chroot',
      '--pull-never',
      `--layers=${layers}`,
      ...given,
      ...this.authorities(),
    ];
    await this.run(['bud', ...flags, `--file=${file}`, `--tag=${reference}`, context]);
  }

  /** Writes an image as an archive. */
  async save(reference: string, archive: string): Promise<void> {
    await this.run(['push', '--quiet', reference, `docker-archive:${archive}:${reference}`]);
  }

  /** Takes in an image that `save` has written. */
  async load(archive: string): Promise<void> {
    await this.run(['pull', '--quiet', `docker-archive:${archive}`]);
  }

  /** Forgets an image that nothing is built from. */
  async remove(reference: string): Promise<void> {
    await this.run(['rmi', reference]);
  }

  async has(reference: string): Promise<boolean> {
    const names = await this.run(['images', '--format={{.Name}}:{{.Tag}}']);
    return names.split('\n').includes(reference);
  }

  /** The user's own certificate authorities, for what a build fetches. */
  private authorities(): string[] {
    const file = this.options.env['NODE_EXTRA_CA_CERTS'];
    if (!file) return [];
    return [`--volume=${file}:${AUTHORITY}:ro`, `--build-arg=NODE_EXTRA_CA_CERTS=${AUTHORITY}`];
  }

  /** In a mount namespace of its own: it leaves mounts behind. */
  private run(args: readonly string[]): Promise<string> {
    const own = [
      `--root=${this.storage}`,
      `--runroot=${join(this.storage, 'run')}`,
      '--storage-driver=overlay',
    ];
    return command('unshare', ['--mount', '--propagation=private', 'buildah', ...own, ...args], this.options);
  }
}
