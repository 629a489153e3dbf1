import { expect, test } from '@jest/globals';
import { InFlight } from '#hosts/transfer/in-flight';

test('a receipt confirms everything on its channel up to its sequence number', () => {
  const inFlight = new InFlight<string>(2);
  inFlight.sent(0, 1, 100, 'a');
  inFlight.sent(1, 1, 1000, 'b');
  inFlight.sent(0, 2, 200, 'c');
  expect(inFlight.sentBytes).toBe(1300);
  inFlight.confirm(0, 2);
  expect(inFlight.confirmedBytes).toBe(300);
  inFlight.confirm(0, 2);
  expect(inFlight.confirmedBytes).toBe(300);
  inFlight.confirm(1, 5);
  expect(inFlight.confirmedBytes).toBe(1300);
});

test('what a lost connection had in flight is reported once, and no longer awaited', () => {
  const inFlight = new InFlight<string>(2);
  inFlight.sent(0, 1, 100, 'arrived');
  inFlight.sent(0, 2, 100, 'lost');
  inFlight.sent(1, 1, 100, 'lost, too');
  inFlight.confirm(0, 1);
  expect(inFlight.lost()).toEqual(['lost', 'lost, too']);
  expect(inFlight.lost()).toEqual([]);
  expect(inFlight.confirmedBytes).toBe(inFlight.sentBytes);
});
