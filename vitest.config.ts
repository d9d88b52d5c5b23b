import { defineConfig } from 'vitest/config';

const node = { environment: 'node', pool: 'forks' } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...node,
          name: 'unit',
          // Nothing mocks a module or leaves anything behind, so the files can share what they import: half the time.
          isolate: false,
          include: ['packages/*/src/**/*.test.ts', 'tools/**/*.test.ts'],
          exclude: ['**/*.db.test.ts', '**/node_modules/**'],
        },
      },
      {
        test: {
          ...node,
          name: 'db',
          include: ['packages/*/src/**/*.db.test.ts'],
          globalSetup: ['packages/server/src/database/test-support/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...node,
          name: 'conformance',
          include: ['conformance/**/*.test.ts'],
          exclude: ['**/*.system.test.ts', '**/node_modules/**'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...node,
          name: 'system',
          include: ['conformance/**/*.system.test.ts'],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
