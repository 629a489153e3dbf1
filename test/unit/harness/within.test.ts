import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { untilAborted } from '#harness/within';

const never = new Promise<never>(() => undefined);

describe('work that a signal ends', () => {
  test('leaves no listener on a signal that never fires', async () => {
    const { signal } = new AbortController();
    const work = untilAborted(Promise.resolve('done'), signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(await work).toBe('done');
    await expect(untilAborted(Promise.reject(new Error('failed')), signal)).rejects.toThrow('failed');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(await untilAborted(Promise.resolve('done'), undefined)).toBe('done');
  });

  test('ends with the signal’s reason, or with what is made of it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const early = untilAborted(never, signal);
    const named = untilAborted(never, signal, () => new Error('mine'));
    controller.abort(new Error('enough'));
    await expect(early).rejects.toThrow('enough');
    await expect(named).rejects.toThrow('mine');
    await expect(untilAborted(Promise.resolve('done'), signal)).rejects.toThrow('enough');
  });
});
