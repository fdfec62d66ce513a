import { defineConfig } from 'vitest/config';

const conditions = ['@sntk/source', 'module', 'node', 'import', 'default'];

/** One run for the whole repository; packages are read from source through the `@sntk/source` condition. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
    setupFiles: ['./scripts/vitest-setup.ts'],
    testTimeout: 60_000,
    pool: 'threads',
  },
});
