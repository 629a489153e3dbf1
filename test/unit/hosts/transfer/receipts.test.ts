import { describe, expect, test } from '@jest/globals';
import { realClock } from '#hosts/clock';
import { Receipts } from '#hosts/transfer/receipts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('receipts', () => {
  test('are merged into one per channel for messages that arrive in one turn', async () => {
    const told: [number, number][] = [];
    const receipts = new Receipts(realClock, (channel, sequence) => told.push([channel, sequence]));
    receipts.open(2);
    for (const [channel, sequence] of [
      [0, 1],
      [0, 2],
      [1, 1],
    ] as const) {
      receipts.expect(channel, sequence);
      receipts.arrived(channel, sequence);
    }
    expect(told).toEqual([]);
    await turn();
    expect(told).toEqual([
      [0, 2],
      [1, 1],
    ]);
    receipts.arrived(1, 2);
    await turn();
    expect(told.slice(2)).toEqual([[1, 2]]);
  });

  test('are refused for a message out of order', () => {
    const receipts = new Receipts(realClock, () => undefined);
    receipts.open(1);
    receipts.arrived(0, 1);
    expect(() => {
      receipts.expect(0, 3);
    }).toThrow('expected message 2 on channel 0, got 3');
    expect(() => {
      receipts.expect(0, 1);
    }).toThrow('expected message 2 on channel 0, got 1');
  });

  test('say whether everything up to some sequence numbers has arrived, and start over with a connection', () => {
    const receipts = new Receipts(realClock, () => undefined);
    receipts.open(2);
    receipts.arrived(0, 1);
    expect(receipts.has([1, 0])).toBe(true);
    expect(receipts.has([1, 1])).toBe(false);
    receipts.open(2);
    expect(receipts.has([1, 0])).toBe(false);
    expect(receipts.has([])).toBe(true);
  });
});
