import { describe, expect, it } from 'vitest';
import { describeFailure, failureAsJson, renderFailure } from '../../../src/commands/shell/failure.js';
import { ConfigError, DataError, InterruptedError } from '../../../src/support/errors.js';

const dataError = new DataError('the record has no text', {
  file: 'data/a.chunk.0.jsonl',
  line: 12,
  field: 'text',
  hint: 'Name the field by data.textField.',
});

describe('a failure', () => {
  it('that a user can cause says what, where and what next', () => {
    expect(renderFailure(describeFailure(dataError), false)).toBe(
      'Error: the record has no text\n  at data/a.chunk.0.jsonl:12 (field text)\n  Name the field by data.textField.\n',
    );
  });

  it('is one object under --json', () => {
    expect(failureAsJson(describeFailure(dataError))).toEqual({
      error: {
        code: 'data',
        message: 'the record has no text',
        location: { file: 'data/a.chunk.0.jsonl', line: 12, field: 'text' },
        hint: 'Name the field by data.textField.',
      },
    });
  });

  it('without a place or a hint is one line, and null under --json', () => {
    const failure = describeFailure(new ConfigError('no such preset'));
    expect(renderFailure(failure, false)).toBe('Error: no such preset\n');
    expect(failureAsJson(failure)).toEqual({
      error: { code: 'config', message: 'no such preset', location: {}, hint: null },
    });
  });

  it('shows its stack on request alone', () => {
    expect(renderFailure(describeFailure(dataError), false)).not.toContain('failure.test.ts');
    expect(renderFailure(describeFailure(dataError), true)).toContain('failure.test.ts');
  });

  it.each([
    ['a refusal of ours', dataError, 1],
    ['a wrong setting', new ConfigError('no such preset'), 2],
    ['a wrong flag', Object.assign(new Error('Nonexistent flag: --foo'), { oclif: { exit: 2 } }), 2],
    ['a clean stop', new InterruptedError('stopped by SIGINT'), 130],
    ['anything else', new TypeError('x is undefined'), 1],
  ])('exits for %s with its code', (_, error, exitCode) => {
    expect(describeFailure(error).exitCode).toBe(exitCode);
  });

  it('of an operation that a stop signal aborted is the clean stop', async () => {
    const controller = new AbortController();
    controller.abort(new InterruptedError('stopped by SIGTERM'));
    const { setTimeout: wait } = await import('node:timers/promises');
    const aborted: unknown = await wait(1000, undefined, { signal: controller.signal }).catch(
      (error: unknown) => error,
    );
    expect(describeFailure(aborted)).toMatchObject({
      code: 'interrupted',
      message: 'stopped by SIGTERM',
      exitCode: 130,
    });
  });

  it('of the operating system names the file and is not called a bug', async () => {
    const { readFile } = await import('node:fs/promises');
    const missing: unknown = await readFile('/nonexistent/file').catch((error: unknown) => error);
    expect(describeFailure(missing)).toMatchObject({
      code: 'system',
      location: { file: '/nonexistent/file' },
      hint: null,
    });
  });

  it('that nobody foresaw is called a bug', () => {
    expect(describeFailure('a string')).toMatchObject({ code: 'internal', message: 'a string' });
    expect(describeFailure(new TypeError('x')).hint).toContain('DEBUG=*');
  });
});
