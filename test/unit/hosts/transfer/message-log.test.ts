import { expect, test } from '@jest/globals';
import { messageLog } from '#hosts/transfer/message-log';
import { messagesPerNameMax } from '#proto/events';

const logAt = () => {
  const clock = { atMs: 0, nowMs: () => clock.atMs };
  return { clock, log: messageLog(clock) };
};

test('a message stands by itself; those in bulk are told by 100 ms', () => {
  const { clock, log } = logAt();
  log.add('sent', 'barrier');
  log.add('received', 'receipt');
  clock.atMs = 1;
  log.add('sent', 'barrier');
  for (const atMs of [10, 60, 109, 110]) {
    clock.atMs = atMs;
    log.add('sent', 'pages', atMs);
  }
  expect(log.told).toEqual({
    messages: [
      { name: 'barrier', way: 'sent', firstAtMs: 0, lastAtMs: 0, count: 1, bytes: 0 },
      { name: 'receipt', way: 'received', firstAtMs: 0, lastAtMs: 0, count: 1, bytes: 0 },
      { name: 'barrier', way: 'sent', firstAtMs: 1, lastAtMs: 1, count: 1, bytes: 0 },
      { name: 'pages', way: 'sent', firstAtMs: 10, lastAtMs: 109, count: 3, bytes: 179 },
      { name: 'pages', way: 'sent', firstAtMs: 110, lastAtMs: 110, count: 1, bytes: 110 },
    ],
    leftOut: 0,
  });
});

test('what was told is not changed by what comes later', () => {
  const { log } = logAt();
  log.add('sent', 'pages', 1);
  const { messages } = log.told;
  log.add('sent', 'pages', 1);
  expect(messages).toMatchObject([{ count: 1, bytes: 1 }]);
  expect(log.told.messages).toMatchObject([{ count: 2, bytes: 2 }]);
});

test.each([
  [messagesPerNameMax, 0],
  [messagesPerNameMax + 1, 1],
  [10 * messagesPerNameMax, 9 * messagesPerNameMax],
])('of %i messages of a name, %i are left out, and no other name is', (count, leftOut) => {
  const { clock, log } = logAt();
  for (let message = 0; message < count; message++) {
    clock.atMs = message;
    log.add('sent', 'barrier');
  }
  log.add('sent', 'resume');
  const { messages } = log.told;
  expect(messages.filter(({ name }) => name === 'barrier')).toHaveLength(count - leftOut);
  expect(messages.at(-1)).toMatchObject({ name: 'resume' });
  expect(log.told.leftOut).toBe(leftOut);
});

test('bulk is all counted, however long it takes, in no more spans than are told', () => {
  const { clock, log } = logAt();
  const count = 100_000;
  for (let message = 0; message < count; message++) {
    clock.atMs = message * 37;
    log.add('sent', 'pages', message % 7);
  }
  const { messages, leftOut } = log.told;
  expect(leftOut).toBe(0);
  expect(messages.length).toBeLessThanOrEqual(messagesPerNameMax);
  expect(messages.length).toBeGreaterThan(messagesPerNameMax / 4);
  expect(messages.reduce((sum, each) => sum + each.count, 0)).toBe(count);
  const bytes = Array.from({ length: count }, (_, message) => message % 7);
  expect(messages.reduce((sum, each) => sum + each.bytes, 0)).toBe(
    bytes.reduce((sum, each) => sum + each, 0),
  );
  // Spans follow each other without overlap.
  for (const [index, { firstAtMs, lastAtMs }] of messages.entries()) {
    expect(lastAtMs).toBeGreaterThanOrEqual(firstAtMs);
    expect(messages[index + 1]?.firstAtMs ?? Infinity).toBeGreaterThan(lastAtMs);
  }
  expect(messages.at(-1)?.lastAtMs).toBe((count - 1) * 37);
});
