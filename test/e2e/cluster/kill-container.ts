import { readFile, readdir } from 'node:fs/promises';
import { z } from 'zod';
import type { Kubectl } from './kubectl.ts';

const podSchema = z.object({ metadata: z.object({ uid: z.string() }) });

/**
 * kill -9 of the processes of a pod where its node is this machine, so that the container starts anew; elsewhere the
 * pod is removed without a grace period, which is as near as one gets from outside.
 */
export async function killContainer(kubectl: Kubectl, pod: string): Promise<void> {
  const { metadata } = await kubectl.json(podSchema, 'get', 'pod', pod);
  const pids = await processesOf(metadata.uid);
  if (pids.length > 0 && pids.every(kill)) return;
  await kubectl.run(['delete', 'pod', pod, '--grace-period=0', '--force', '--wait=false']);
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** Processes of Node in the control groups of a pod: its sandbox's own process stays. */
async function processesOf(uid: string): Promise<number[]> {
  const entries = await readdir('/proc').catch(() => []);
  const found: number[] = [];
  for (const entry of entries.filter((name) => /^\d+$/.test(name))) {
    const [groups, command] = await Promise.all(
      ['cgroup', 'cmdline'].map((name) => readFile(`/proc/${entry}/${name}`, 'utf8').catch(() => '')),
    );
    const isOfPod = groups!.includes(`pod${uid}`) || groups!.includes(`pod${uid.replaceAll('-', '_')}`);
    if (isOfPod && command!.startsWith('node')) found.push(Number(entry));
  }
  return found;
}
