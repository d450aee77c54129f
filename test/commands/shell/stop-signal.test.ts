import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenForStop, type SignalSource } from '../../../src/commands/shell/stop-signal.js';
import { InterruptedError } from '../../../src/support/errors.js';

class FakeProcess extends EventEmitter implements SignalSource {
  readonly pid = 42;
  readonly killed: unknown[] = [];
  kill(pid: number, signal: string): void {
    this.killed.push([pid, signal]);
  }
}

describe('a stop signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGUSR2'])('%s asks for a clean stop', (name) => {
    const source = new FakeProcess();
    const announced: string[] = [];
    const { signal } = listenForStop((received) => announced.push(received), source);
    expect(signal.aborted).toBe(false);
    source.emit(name, name);
    expect(signal.aborted).toBe(true);
    expect(() => signal.throwIfAborted()).toThrow(InterruptedError);
    expect(announced).toEqual([name]);
    expect(source.killed).toEqual([]);
  });

  it('kills the process the second time, with nobody listening any more', () => {
    const source = new FakeProcess();
    listenForStop(() => {}, source);
    source.emit('SIGUSR2', 'SIGUSR2');
    source.emit('SIGINT', 'SIGINT');
    expect(source.killed).toEqual([[42, 'SIGINT']]);
    expect(source.listenerCount('SIGINT')).toBe(0);
  });

  it('means nothing to a command that has ended', () => {
    const source = new FakeProcess();
    listenForStop(() => {}, source).release();
    expect(source.eventNames()).toEqual([]);
  });
});
