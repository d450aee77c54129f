import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { compiled, runModule, startModule } from '../support/child-process.js';
import { PACKAGE_ROOT, pc } from '../support/pc.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** A program that runs a command whose `run` has this body. */
const command = (body: string, ...args: string[]): string => `
  import { setTimeout as wait } from 'node:timers/promises';
  import { handle } from ${JSON.stringify(import.meta.resolve('@oclif/core/handle'))};
  import { BaseCommand } from ${JSON.stringify(compiled('src/commands/base.js'))};
  import { DataError } from ${JSON.stringify(compiled('src/support/errors.js'))};
  class Sample extends BaseCommand {
    async run() {
      await this.parse(Sample);
      ${body}
    }
  }
  await Sample.run(${JSON.stringify(args)}, ${JSON.stringify(PACKAGE_ROOT)}).catch(handle);`;

const TASKS = `
  const context = await this.runTasks([
    { title: 'Reading', task: (context) => { context.documents = 3; } },
    { title: 'Writing', task: (_, task) => { task.output = 'half way'; } },
  ], {});
  this.log('read ' + context.documents);
  return context;`;

describe('the tasks of a command', () => {
  it('are plain lines when stdout is not a terminal', async () => {
    const { status, stdout } = await runModule(command(TASKS));
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    for (const [position, text] of ['Reading', 'Reading', 'Writing', 'half way', 'Writing', 'read 3'].entries())
      expect(lines[position]).toContain(text);
    expect(stdout).not.toContain('\u001b');
  });

  it('print nothing but the result under --json', async () => {
    const { stdout, stderr } = await runModule(command(TASKS, '--json'));
    expect(JSON.parse(stdout)).toEqual({ documents: 3 });
    expect(stderr).toBe('');
  });

  it('that fail end the command with the error of the task', async () => {
    const failing =
      "await this.runTasks([{ title: 'Reading', task: () => { throw new DataError('no text', { file: 'a', line: 2 }); } }], {});";
    const { status, stderr } = await runModule(command(failing));
    expect(status).toBe(1);
    // What failed by its title, and why once.
    expect(stderr).toMatch(/^\S Reading\nError: no text\n {2}at a:2\n$/);
    const { stdout } = await runModule(command(failing, '--json'));
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'data', location: { file: 'a', line: 2 } } });
  });
});

describe('a flag with an empty value', () => {
  it('is refused by name, however it is written', async () => {
    const cwd = temporaryDirectory();
    for (const flag of [['-o', ''], ['--output='], ['-o=']])
      expect(await pc(['report', 'run', ...flag], { cwd })).toEqual({
        status: 2,
        stdout: '',
        stderr: 'Error: --output has an empty value\n  Give it one, or leave it out.\n',
      });
  });
});

describe('a stop signal', () => {
  const untilStopped = `
    const { stopSignal } = this;
    console.log('ready');
    await wait(60_000, undefined, { signal: stopSignal });`;

  it.each(['SIGINT', 'SIGTERM', 'SIGUSR2'] as const)(
    '%s lets the command end cleanly, with exit code 130',
    async (signal) => {
      const child = startModule(command(untilStopped));
      await once(child.stdout!, 'data');
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([130, null]);
    },
  );

  it('ends a command that does not stop when it comes again', async () => {
    const child = startModule(command("this.stopSignal; console.log('ready'); await wait(60_000);"));
    await once(child.stdout!, 'data');
    child.kill('SIGINT');
    await once(child.stderr!, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  });
});
