import { existsSync, readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Each folder of long tests is a project of its own, run by `npm run test:full`. */
const LONG = 'test/full';
const tiers = existsSync(LONG) ? readdirSync(LONG) : [];

/** Where CI wants the counts of passed and failed tests. */
const report = process.env.PC_TEST_REPORT;

export default defineConfig({
  test: {
    globalSetup: ['test/build-once.ts'],
    maxWorkers: 2,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [`${LONG}/**`],
          // Several times what the longest takes on an idle machine: it ends what hangs, and measures nothing.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      ...tiers.map((tier) => ({
        test: {
          name: tier,
          include: [`${LONG}/${tier}/**/*.test.ts`],
          testTimeout: 30 * 60_000,
          hookTimeout: 120_000,
        },
      })),
    ],
  },
});
