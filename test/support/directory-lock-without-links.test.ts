import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { acquireLock, DirectoryInUseError } from '../../src/support/directory-lock.js';
import { temporaryDirectory } from './temporary-directory.js';

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  link: async () => {
    throw Object.assign(new Error('EPERM: link'), { code: 'EPERM', syscall: 'link' });
  },
}));

it('locks a directory of a file system without hard links', async () => {
  const directory = temporaryDirectory();
  const lock = await acquireLock(directory);
  await expect(acquireLock(directory)).rejects.toThrow(DirectoryInUseError);
  await lock.release();
  await (await acquireLock(directory)).release();
});

it('gives it to one of many', async () => {
  const directory = temporaryDirectory();
  const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => acquireLock(directory)));
  const locked = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  expect(locked).toHaveLength(1);
  for (const attempt of attempts)
    if (attempt.status === 'rejected') expect(attempt.reason).toBeInstanceOf(DirectoryInUseError);
  await locked[0]!.release();
});

it('takes over a lock that was never written', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'lock.json'), '');
  await (await acquireLock(directory)).release();
});
