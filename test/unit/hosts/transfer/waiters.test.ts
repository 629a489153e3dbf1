import { expect, test } from '@jest/globals';
import { Waiters } from '#hosts/transfer/waiters';

test('a wait ends at the first poke at which its condition holds', async () => {
  const waiters = new Waiters();
  let value = 0;
  let ended = false;
  const wait = waiters.until(() => value === 2).then(() => (ended = true));
  value = 1;
  waiters.poke();
  await Promise.resolve();
  expect(ended).toBe(false);
  value = 2;
  waiters.poke();
  await wait;
  expect(ended).toBe(true);
});

test('the first failure rejects every wait, present and future', async () => {
  const waiters = new Waiters();
  const wait = waiters.until(() => false);
  waiters.fail(new Error('first'));
  waiters.fail(new Error('second'));
  await expect(wait).rejects.toThrow('first');
  await expect(waiters.until(() => true)).rejects.toThrow('first');
});

test('unlessFailed ends a promise that would never settle', async () => {
  const waiters = new Waiters();
  await expect(waiters.unlessFailed(Promise.resolve(1))).resolves.toBe(1);
  const hung = waiters.unlessFailed(new Promise(() => undefined));
  waiters.fail(new Error('the destination is gone'));
  await expect(hung).rejects.toThrow('gone');
  await expect(waiters.unlessFailed(new Promise(() => undefined))).rejects.toThrow('gone');
});
