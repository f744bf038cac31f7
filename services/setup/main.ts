/**
 * Prepares a server before the services need it, and waits for the server itself:
 *
 *   node services/setup/main.ts migrate [--demo-accounts <count>]   DATABASE_URL
 *   node services/setup/main.ts topics     KAFKA_BROKERS, KAFKA_TLS…, KAFKA_SASL_…, SLUICE_TOPIC_PREFIX, SLUICE_PARTITIONS
 *
 * Exit code: 0 done, 1 not done in SETUP_TIMEOUT_SECONDS or failed, 2 a mistake in the configuration.
 */
const interrupt = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => interrupt.abort());

// Loaded with the signals listened to: as process 1 of a container nothing else would end this one.
const { runSetup } = await import('./run-setup.ts');
// Whatever still holds the event loop (an attempt that was given up) has nothing left to do.
process.exit(await runSetup(process.argv.slice(2), process.env, interrupt.signal));
