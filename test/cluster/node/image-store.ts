import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../fixtures/until.ts';
import type { Images } from '../images/ensure-images.ts';
import type { Namespaces } from './namespaces.ts';

const ANSWER_MS = 60_000;
const PAUSE_MS = 100;

/** containerd's images, as the kubelet sees them. */
export class ImageStore {
  private readonly namespaces: Namespaces;

  constructor(namespaces: Namespaces) {
    this.namespaces = namespaces;
  }

  /** Resolves when containerd answers. */
  async whenReady(): Promise<void> {
    const answers = () =>
      this.ctr('version').then(
        () => true,
        () => sleep(PAUSE_MS, false),
      );
    await until('containerd', answers, ANSWER_MS);
  }

  /** References of the images that are there. */
  async list(): Promise<string[]> {
    return lines(await this.ctr('images', 'list', '--quiet'));
  }

  /** @throws CommandError when this is no archive of an image */
  async import(archive: string): Promise<void> {
    await this.ctr('images', 'import', archive);
  }

  /** Imports what is missing, and drops what these images were before. Resolves to the references imported. */
  async update(images: Images): Promise<string[]> {
    const present = new Set(await this.list());
    const missing = Object.values(images).filter(({ reference }) => !present.has(reference));
    for (const { archive } of missing) await this.import(archive);
    const wanted = new Set(Object.values(images).map(({ reference }) => reference));
    const earlier = [...present].filter(
      (reference) => !wanted.has(reference) && isVersionOf(reference, images),
    );
    if (earlier.length > 0) await this.ctr('images', 'remove', ...earlier);
    return missing.map(({ reference }) => reference);
  }

  /** Forgets the containers of an earlier run, whose processes have ended with it. Only while no pod can be there. */
  async forgetContainers(): Promise<void> {
    const containers = lines(await this.ctr('containers', 'list', '--quiet'));
    if (containers.length > 0) await this.ctr('containers', 'remove', ...containers);
  }

  private ctr(...args: readonly string[]): Promise<string> {
    return this.namespaces.run('ctr', '--namespace=k8s.io', ...args);
  }
}

/** Whether a reference names one of the images, of whatever contents. */
function isVersionOf(reference: string, images: Images): boolean {
  const name = /^localhost\/([^:]+):[0-9a-f]{12}$/.exec(reference)?.[1];
  return name !== undefined && name in images;
}

const lines = (text: string): string[] => text.split('\n').filter(Boolean);
