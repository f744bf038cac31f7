import { z } from 'zod';
import { eventually } from './eventually.ts';
import type { Kubectl } from './kubectl.ts';

export interface FinishedJob {
  readonly succeeded: boolean;
  readonly log: string;
}

const envVar = z.looseObject({ name: z.string(), value: z.string().optional() });
const jobSchema = z.looseObject({
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ env: z.array(envVar).default([]) })) }),
    }),
  }),
});
const statusSchema = z.object({
  status: z.object({ succeeded: z.number().default(0), failed: z.number().default(0) }),
});

/** `kubectl create job <name> --from=cronjob/<of>`, with other values of some variables. */
export async function startJob(
  kubectl: Kubectl,
  name: string,
  of: string,
  env: Readonly<Record<string, number>> = {},
): Promise<void> {
  await kubectl.run(['delete', 'job', name, '--ignore-not-found', '--wait']);
  const dry = ['create', 'job', name, `--from=cronjob/${of}`, '--dry-run=client'];
  const job = await kubectl.json(jobSchema, ...dry);
  for (const container of job.spec.template.spec.containers) {
    const kept = container.env.filter((one) => !(one.name in env));
    container.env = [
      ...kept,
      ...Object.entries(env).map(([key, value]) => ({ name: key, value: String(value) })),
    ];
  }
  await kubectl.run(['create', '--filename=-'], JSON.stringify(job));
}

/** Waits for the end of a Job, good or bad. */
export async function finishJob(
  kubectl: Kubectl,
  name: string,
  timeoutSeconds: number,
): Promise<FinishedJob> {
  const ended = await eventually(
    `the end of job ${name}`,
    async () => {
      const { status } = await kubectl.json(statusSchema, 'get', 'job', name);
      return status.succeeded + status.failed > 0 && status;
    },
    timeoutSeconds * 1_000,
  );
  return { succeeded: ended.succeeded > 0, log: await kubectl.run(['logs', `job/${name}`]) };
}
