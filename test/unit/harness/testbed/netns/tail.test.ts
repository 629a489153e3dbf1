import { expect, test } from '@jest/globals';
import { Tail } from '#harness/testbed/netns/tail';

test('keeps a short text whole', () => {
  const tail = new Tail(10);
  tail.push('12345');
  tail.push('67890');
  expect(tail.text()).toBe('1234567890');
});

test('keeps the end of a long text, and says that there was more', () => {
  const tail = new Tail(4);
  tail.push('123456789');
  tail.push('0');
  expect(tail.text()).toBe('… 7890');
});
