import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const minutes = (count: number): number => count * 60_000;

export default defineConfig({
  test: {
    // Tests share a machine with two cores with Kafka, Postgres and each other. Most of their time they wait.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    setupFiles: ['test/global-setup-node.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{services,operator,otel,load}/**/*.test.ts',
            'test/architecture.test.ts',
            'test/cluster/**/*.test.ts',
            'test/fixtures/**/*.test.ts',
            'test/e2e/*/**/*.test.ts',
          ],
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/{integration,telemetry}/**/*.test.ts'],
          // One Kafka and one Postgres for all files; each file makes a database and topics of its own.
          globalSetup: ['test/global-setup.ts'],
          setupFiles: ['test/global-setup-node.ts', 'test/global-setup-services.ts'],
          testTimeout: minutes(1),
          hookTimeout: minutes(2),
        },
      },
      {
        extends: true,
        test: {
          name: 'kube',
          include: ['test/kube/**/*.test.ts'],
          // A real API server and controller manager for all files, a Kafka beside it.
          globalSetup: ['test/cluster/global-setup.ts', 'test/global-setup.ts'],
          setupFiles: ['test/global-setup-node.ts', 'test/global-setup-services.ts'],
          fileParallelism: false,
          testTimeout: minutes(1),
          hookTimeout: minutes(2),
        },
      },
      {
        extends: true,
        test: {
          // What the chart renders, by helm itself.
          name: 'chart',
          include: ['test/chart/**/*.test.ts'],
          globalSetup: ['test/chart/global-setup.ts'],
          testTimeout: minutes(1),
          hookTimeout: minutes(10),
        },
      },
      {
        extends: true,
        test: {
          // The chart as a release on a real API server, without nodes.
          name: 'release',
          include: ['test/release/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: minutes(1),
          hookTimeout: minutes(15),
        },
      },
      {
        extends: true,
        test: {
          // The chart on a cluster with nodes: pods run.
          name: 'cluster',
          include: ['test/e2e/*.test.ts'],
          globalSetup: ['test/cluster/workload-setup.ts'],
          fileParallelism: false,
          testTimeout: minutes(6),
          hookTimeout: minutes(8),
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          // Each file brings up a whole stack: two at a time would measure each other.
          fileParallelism: false,
          testTimeout: minutes(10),
          hookTimeout: minutes(3),
        },
      },
    ],
  },
});
