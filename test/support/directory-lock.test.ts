import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { acquireLock, DirectoryInUseError } from '../../src/support/directory-lock.js';
import { OutputError } from '../../src/support/errors.js';
import { startOf } from '../../src/support/process-identity.js';
import { compiled, runModule, startModule } from './child-process.js';
import { temporaryDirectory } from './temporary-directory.js';

const MODULE = JSON.stringify(compiled('src/support/directory-lock.js'));

describe('acquireLock', () => {
  it('makes the directory, keeps others out, and lets them in after the release', async () => {
    const directory = join(temporaryDirectory(), 'run');
    const lock = await acquireLock(directory);
    const second = acquireLock(directory);
    await expect(second).rejects.toThrow(DirectoryInUseError);
    await expect(second).rejects.toMatchObject({ pid: process.pid, host: hostname(), code: 'output' });
    await expect(second).rejects.toThrow(String(process.pid));
    await lock.release();
    expect(readdirSync(directory)).toEqual([]);
    await (await acquireLock(directory)).release();
  });

  it('names the process at work when that is another one', async () => {
    const directory = temporaryDirectory();
    const child = startModule(
      `import { acquireLock } from ${MODULE};
       await acquireLock(${JSON.stringify(directory)}); console.log('locked'); setInterval(() => {}, 1000);`,
    );
    await once(child.stdout!, 'data');
    await expect(acquireLock(directory)).rejects.toMatchObject({ pid: child.pid });
    child.kill('SIGKILL');
    await once(child, 'close');
    await (await acquireLock(directory)).release();
  });

  it('takes over from a process whose number another one has now', async () => {
    const directory = temporaryDirectory();
    const holder = { pid: process.pid, host: hostname(), started: 'an earlier boot/1', since: '' };
    writeFileSync(join(directory, 'lock.json'), JSON.stringify(holder));
    const lock = await acquireLock(directory);
    const now: unknown = JSON.parse(readFileSync(join(directory, 'lock.json'), 'utf8'));
    expect(now).toMatchObject({ started: startOf(process.pid) });
    await lock.release();
  });

  it('takes over from another host after five minutes of silence, and not before', async () => {
    const directory = temporaryDirectory();
    const lockFile = join(directory, 'lock.json');
    const holder = { pid: 1, host: 'elsewhere.example', started: null, since: '' };
    writeFileSync(lockFile, JSON.stringify(holder));
    const now = Date.now() / 1000;
    utimesSync(lockFile, now - 240, now - 240);
    await expect(acquireLock(directory)).rejects.toThrow(DirectoryInUseError);
    utimesSync(lockFile, now - 360, now - 360);
    await (await acquireLock(directory)).release();
  });

  it('is kept fresh by its holder', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const directory = temporaryDirectory();
    const lockFile = join(directory, 'lock.json');
    const lock = await acquireLock(directory);
    const content = readFileSync(lockFile, 'utf8');
    utimesSync(lockFile, 1, 1);
    vi.advanceTimersByTime(30_000);
    await vi.waitUntil(() => statSync(lockFile).mtimeMs > 1000);
    expect(readFileSync(lockFile, 'utf8')).toBe(content);
    await lock.release();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not take over from another host', async () => {
    const directory = temporaryDirectory();
    const holder = { pid: 1, host: 'elsewhere.example', started: null, since: '' };
    writeFileSync(join(directory, 'lock.json'), JSON.stringify(holder));
    await expect(acquireLock(directory)).rejects.toMatchObject({ host: 'elsewhere.example', hint: /delete/ });
  });

  it('survives a process that died while taking over', async () => {
    const directory = temporaryDirectory();
    const dead = { pid: process.pid, host: hostname(), started: 'an earlier boot/1', since: '' };
    writeFileSync(join(directory, 'lock.json'), JSON.stringify(dead));
    writeFileSync(join(directory, 'lock.json.claim'), JSON.stringify(dead));
    const lock = await acquireLock(directory);
    expect(readdirSync(directory)).toEqual(['lock.json']);
    await lock.release();
  });

  it('takes over a file that holds no lock', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'lock.json'), '{"pid": "x"');
    await (await acquireLock(directory)).release();
    expect(existsSync(join(directory, 'lock.json'))).toBe(false);
  });

  it('gives a stale lock to one of many that want it', async () => {
    const directory = temporaryDirectory();
    const dead = { pid: process.pid, host: hostname(), started: 'an earlier boot/1', since: '' };
    writeFileSync(join(directory, 'lock.json'), JSON.stringify(dead));
    const attempts = await Promise.allSettled(Array.from({ length: 16 }, () => acquireLock(directory)));
    const locks = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
    expect(locks).toHaveLength(1);
    const { stdout } = await runModule(
      `import { acquireLock } from ${MODULE};
       await acquireLock(${JSON.stringify(directory)}).catch((error) => console.log(error.message));`,
    );
    expect(stdout).toContain(`in use by process ${process.pid}`);
    await locks[0]!.release();
  });

  it('explains where it cannot write', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(acquireLock(join(directory, 'file/run'))).rejects.toThrow(OutputError);
  });
});
