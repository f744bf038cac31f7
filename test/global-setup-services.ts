import { inject } from 'vitest';

/** Hands what the global set-up has started to the fixtures, which read it from the environment. */
process.env['SLUICE_TEST_KAFKA_BROKERS'] = inject('KAFKA_BROKERS');
process.env['SLUICE_TEST_DATABASE_URL'] = inject('DATABASE_URL');
