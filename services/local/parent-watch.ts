/**
 * Preloaded (`node --import`) into every process that the supervisor starts: when the supervisor dies, by
 * whatever signal, the IPC channel closes and the process drains as if it had been asked to.
 */

/** Ms that a drain may take before the process is ended as it is. */
const HARD_EXIT_MS = 30_000;

if (process.channel) {
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
    process.kill(process.pid, 'SIGTERM');
  });
  // The channel alone must not keep a finished process alive.
  process.channel.unref();
}
