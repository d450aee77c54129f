import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeHub, metadata, parquet } from '../../data/download/fake-hub.js';
import type { Fault, SeenRequest } from '../../data/download/misbehaving-server.js';
import { textsOf } from '../../data/download/run-download.js';
import { numberedTexts } from '../../data/temporary-data.js';
import { isolatedHome, PACKAGE_ROOT, pc } from '../../support/pc.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const output = () => join(temporaryDirectory(), 'data');
const environment = (url: string, more: Record<string, string> = {}) => ({
  ...isolatedHome(),
  HF_ENDPOINT: url,
  HF_TOKEN: '',
  HF_HOME: '/nonexistent',
  ...more,
});

describe('pc data download', () => {
  it('downloads a dataset of the hub that HF_ENDPOINT names', async () => {
    const texts = numberedTexts(12);
    const server = await fakeHub({ name: 'owner/name', files: { 'a.parquet': parquet({ content: texts }) } });
    const folder = output();
    const env = environment(server.url);
    const { status, stdout, stderr } = await pc(['data', 'download', 'owner/name', '-o', folder], { env });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toContain(`${folder}: 12 documents`);
    expect(textsOf(folder)).toEqual(texts);
  });

  it('downloads stack-edu and reports what it left out as JSON', async () => {
    const contents = numberedTexts(10, 'rust').map((text) => Buffer.from(text));
    const files = { 'Rust/train-0.parquet': metadata(contents, 'Rust') };
    const configs = [{ config_name: 'Rust', data_files: 'Rust/*' }];
    const server = await fakeHub({ name: 'HuggingFaceTB/stack-edu', files, configs }, { contents: contents.slice(2) });
    const folder = output();
    const { status, stdout } = await pc(
      [
        'data',
        'download',
        'stack-edu',
        '--languages',
        'Rust',
        '--contents',
        `${server.url}/bucket`,
        '-o',
        folder,
        '--json',
      ],
      { env: environment(server.url) },
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ manifest: { documents: 8 }, leftOut: { missing: 2, empty: 0, bad: 0 } });
  });

  it('shows no token, whatever fails and however much is asked to be shown', async () => {
    const fault = (): Fault => ({ answer: { status: 401 } });
    const server = await fakeHub({ name: 'owner/name', files: {} }, { fault });
    const env = environment(server.url, { HF_TOKEN: 'hf_verysecret', DEBUG: '*', NODE_DEBUG: 'http,fetch,undici' });
    const { status, stdout, stderr } = await pc(['data', 'download', 'owner/name', '-o', output()], { env });
    expect(server.seen[0]!.authorization).toBe('Bearer hf_verysecret');
    expect(status).toBe(1);
    expect(stderr).toContain('does not accept the access token');
    expect(stdout + stderr).not.toContain('hf_verysecret');
  });

  it('stops cleanly on SIGINT, and the same command goes on', async () => {
    const texts = numberedTexts(200);
    const file = parquet({ text: texts }, 10);
    let isOpen = false;
    const fault = ({ path, range }: SeenRequest): Fault | undefined => {
      const isRows = path.includes('/resolve/') && Number(/=(\d+)/.exec(range ?? '')?.[1]) > file.length / 4;
      return isRows && !isOpen ? { stallAfter: 1 } : undefined;
    };
    const server = await fakeHub({ name: 'owner/name', files: { 'a.parquet': file } }, { fault });
    const folder = output();
    const args = ['data', 'download', 'owner/name', '-o', folder, '--concurrency', '1'];
    const env = environment(server.url);
    const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'bin/run.js'), ...args], {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const closed = once(child, 'close');
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    const isWaiting = () => server.seen.some((request) => fault(request) !== undefined);
    while (!isWaiting() && child.exitCode === null) await new Promise((later) => setTimeout(later, 20));
    child.kill('SIGINT');
    const [status] = await closed;
    expect(status).toBe(130);
    expect(stderr).toContain('Run the same command again to go on where it stopped.');
    expect(existsSync(folder)).toBe(false);
    isOpen = true;
    const { stdout } = await pc(args, { env });
    expect(stdout).toMatch(/went on after \d+0 documents/);
    expect(textsOf(folder)).toEqual(texts);
  });

  it('refuses flags that say nothing about what is downloaded', async () => {
    const env = environment('http://127.0.0.1:9');
    const hub = await pc(['data', 'download', 'owner/name', '--samples', '5', '-o', output()], { env });
    expect([hub.status, hub.stderr]).toEqual([2, expect.stringContaining('--samples says nothing about owner/name')]);
    const stack = await pc(['data', 'download', 'stack-edu', '--split', 'test', '-o', output()], { env });
    expect([stack.status, stack.stderr]).toEqual([2, expect.stringContaining('--split says nothing about stack-edu')]);
  });
});
