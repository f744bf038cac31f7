import { fork } from 'node:child_process';

/** CPU that a reporting process has used for its work, in seconds: it can be told from that of the system. */
export interface CpuReport {
  readonly cpuSeconds: number;
}

/**
 * Runs a script in a process of its own with `spec` as its argument, and resolves with what it reports.
 * Rejects when the process ends without a report; `name` is what the error then calls it.
 */
export function runForReport<Report>(script: string, spec: object, name: string): Promise<Report> {
  return new Promise((resolve, reject) => {
    const child = fork(script, [JSON.stringify(spec)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    let report: Report | undefined;
    child.on('message', (message) => {
      report = message as Report;
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (report) resolve(report);
      else reject(new Error(`${name} ended early (${code ?? signal}).`));
    });
  });
}

/** The other side of `runForReport`, to be called by the script: does the work, reports it, and ends the process. */
export async function reportToParent<Report extends CpuReport>(
  work: (spec: unknown) => Promise<Omit<Report, keyof CpuReport>>,
): Promise<void> {
  // Whoever started this has gone: nobody wants the result.
  process.on('disconnect', () => process.exit(1));
  const spec = JSON.parse(process.argv[2]!) as unknown;
  const before = process.cpuUsage();
  const found = await work(spec);
  const { user, system } = process.cpuUsage(before);
  process.send!({ ...found, cpuSeconds: (user + system) / 1e6 }, () => process.exit(0));
}
