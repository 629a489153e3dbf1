import { expect, test } from '@jest/globals';
import { InFlight } from '../../../../hosts/transfer/in-flight.ts';

test('a receipt confirms everything of its channel up to its sequence', () => {
  const inFlight = new InFlight(2);
  inFlight.sent(0, 1, 100);
  inFlight.sent(1, 1, 1000);
  inFlight.sent(0, 2, 200);
  expect(inFlight.sentBytes).toBe(1300);
  inFlight.confirm(0, 2);
  expect(inFlight.confirmedBytes).toBe(300);
  inFlight.confirm(0, 2);
  expect(inFlight.confirmedBytes).toBe(300);
  inFlight.confirm(1, 5);
  expect(inFlight.confirmedBytes).toBe(1300);
});
