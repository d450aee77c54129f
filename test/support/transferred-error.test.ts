import { describe, expect, it } from 'vitest';
import * as errors from '../../src/support/errors.js';
import { receiveError, transferError } from '../../src/support/transferred-error.js';

const { PcError, BackendError, ...others } = errors;

describe('an error that travels between threads', () => {
  it.each(Object.entries(others))('is a %s again, with its place and hint', (_, Class) => {
    const sent = new Class('what happened', { file: 'a.jsonl', line: 3, field: 'text', hint: 'Do this.' });
    const received = receiveError(structuredClone(transferError(sent)));
    expect(received).toBeInstanceOf(Class);
    expect(received).toMatchObject({ message: 'what happened', location: sent.location, hint: 'Do this.' });
    expect(received.stack).toBe(sent.stack);
  });

  it('is a BackendError again', () => {
    const received = receiveError(structuredClone(transferError(new BackendError('out-of-memory', 'too large'))));
    expect(received).toBeInstanceOf(BackendError);
  });

  it('keeps the message and stack of an error that is none of ours', () => {
    const sent = new TypeError('a bug');
    const received = receiveError(structuredClone(transferError(sent)));
    expect(received).not.toBeInstanceOf(PcError);
    expect([received.message, received.stack]).toEqual(['a bug', sent.stack]);
  });

  it('may be anything that was thrown', () => {
    expect(receiveError(transferError('just text')).message).toBe('just text');
  });
});
