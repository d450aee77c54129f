import { describe, expect, it } from 'vitest';
import { unknownCommand } from '../../../src/commands/shell/command-not-found.js';
import { pc } from '../../support/pc.js';

describe('a command that does not exist', () => {
  it('is refused as wrong usage, naming the nearest', async () => {
    const { status, stdout, stderr } = await pc(['trian', '--rate', '0.9']);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe('Error: there is no command pc trian\n  Did you mean `pc train`?\n');
  });

  it.each([
    ['trian', '--help'],
    ['help', 'trian'],
  ])('is refused in the same way where its help is asked for: pc %s %s', async (...args) => {
    const { status, stdout, stderr } = await pc(args);
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Error: there is no command pc trian\n  Did you mean `pc train`?\n',
    });
  });

  it('is an error on stdout under --json', async () => {
    const { status, stdout, stderr } = await pc(['trian', '--json']);
    expect(status).toBe(2);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({
      error: {
        code: 'usage',
        message: 'there is no command pc trian',
        location: {},
        hint: 'Did you mean `pc train`?',
      },
    });
  });

  it.each([
    ['eval bbp', 'there is no command pc eval bbp', 'Did you mean `pc eval bpb`?'],
    ['eval bbp runs/proxy', 'there is no command pc eval bbp', 'Did you mean `pc eval bpb`?'],
    ['evall bpb', 'there is no command pc evall', 'Did you mean `pc eval bpb`?'],
    ['eval everything', 'there is no command pc eval everything', '`pc help eval` lists the commands.'],
    ['train data/train', 'pc train takes no argument: data/train', '`pc train --help` lists its flags.'],
    ['nonsense', 'there is no command pc nonsense', '`pc help` lists the commands.'],
  ])('%s: its hint fits what was typed', (typed, message, hint) => {
    expect(unknownCommand(typed, ['eval bpb', 'train', 'init'], 'pc')).toMatchObject({ message, hint });
  });
});

describe('a flag that does not exist', () => {
  it('is refused, naming the nearest, or where help is', async () => {
    const near = await pc(['train', '--nam', 'x']);
    expect(near.status).toBe(2);
    expect(near.stderr).toBe('Error: Nonexistent flag: --nam\n  Did you mean --name?\n');
    const far = await pc(['train', '--quux']);
    expect(far.stderr).toBe('Error: Nonexistent flag: --quux\n  See more help with --help.\n');
  });
});
