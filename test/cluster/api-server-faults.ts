import type { ManagedProcess } from '../../services/local/supervisor/managed-process.ts';

const READY_MS = 60_000;

/** What can happen to an API server, at a test's command. */
export class ApiServerFaults {
  private readonly process: ManagedProcess;

  constructor(process: ManagedProcess) {
    this.process = process;
  }

  /** Ends it in order: connections are closed, then refused. */
  async stop(): Promise<void> {
    this.resume();
    await this.process.stop();
  }

  /** Starts it again on the same port and store; resolves when it is ready. */
  async start(): Promise<void> {
    await this.process.start();
    await this.process.whenReady(READY_MS);
  }

  /** SIGKILL. It comes back by itself within a few seconds; resolves when it is ready again. */
  async crash(): Promise<void> {
    const { restarts } = this.process;
    this.process.kill('SIGKILL');
    const deadline = performance.now() + READY_MS;
    while (this.process.restarts === restarts && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 20));
    await this.process.whenReady(READY_MS);
  }

  /** Stops it where it stands: connections stay open and nobody answers. */
  pause(): void {
    this.process.kill('SIGSTOP');
  }

  resume(): void {
    this.process.kill('SIGCONT');
  }
}
