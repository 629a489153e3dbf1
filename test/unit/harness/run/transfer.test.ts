import { describe, expect, test } from '@jest/globals';
import { tcpBufferMaxBytesOf, transferConfigOf } from '#harness/run/transfer';
import { defaultTransfer } from '#catalogue/capabilities';
import { paperProfile } from '#test/support/synthetic-migration';

describe('the windows of a migration', () => {
  test('fill a long fat link with one bandwidth-delay product to spare, and half of one at a round’s end', () => {
    const { channels, bulkWindowBytes, roundEndWindowBytes, postcopyWindowBytes } = transferConfigOf(
      { goodputMbps: 8000, rttMs: 50 },
      { ...defaultTransfer, channels: 3 },
    );
    expect(channels).toBe(3);
    expect(bulkWindowBytes).toBe(100e6);
    expect(roundEndWindowBytes).toBe(75e6);
    expect(postcopyWindowBytes).toBe(55e6 + 65_536);
  });

  test('have 15 ms to spare where the link is shorter', () => {
    const { bulkWindowBytes, roundEndWindowBytes } = transferConfigOf(
      { goodputMbps: 8000, rttMs: 5 },
      defaultTransfer,
    );
    expect(bulkWindowBytes).toBe(20e6);
    expect(roundEndWindowBytes).toBe(7.5e6);
  });

  test('are at least 4 MiB for bulk on a short link, and barely one product for post-copy', () => {
    const lan = { goodputMbps: 1000, rttMs: 0.4 };
    const { bulkWindowBytes, postcopyWindowBytes } = transferConfigOf(lan, defaultTransfer);
    expect(bulkWindowBytes).toBe(4 << 20);
    expect(postcopyWindowBytes).toBe(55_000 + 65_536);
  });

  test.each(['in-stream', 'blocking'] as const)(
    'are those of a round’s end where faults are %s',
    (faults) => {
      const link = { goodputMbps: 8000, rttMs: 50 };
      expect(transferConfigOf(link, { ...defaultTransfer, faults }).postcopyWindowBytes).toBe(75e6);
    },
  );
});

describe("messages of post-copy's push", () => {
  const messageBytes = (goodputMbps: number, rttMs: number): number =>
    transferConfigOf({ goodputMbps, rttMs }, defaultTransfer).postcopyMessageBytes;

  test('are a sixteenth of the window on a long link', () => {
    expect(messageBytes(8000, 50)).toBe(Math.round((55e6 + 65_536) / 16));
    expect(messageBytes(950, 5.5)).toBe(Math.round((1.1 * 653_125 + 65_536) / 16));
  });

  test('are what a short link carries in 0.1 ms, and the window always holds more than two of them', () => {
    expect(messageBytes(9500, 0.2)).toBe(118_750);
    expect(messageBytes(950, 0.2)).toBe(11_875);
    expect(messageBytes(40_000, 0.01)).toBe(Math.round((55_000 + 65_536) / 2.5));
  });
});

describe('TCP buffers', () => {
  test('hold four products, and never less than 16 MiB', () => {
    expect(tcpBufferMaxBytesOf(paperProfile)).toBe(16 << 20);
    const direction = { ...paperProfile.sourceToDestination, rateMbps: 10_000, delayMs: 26.25 };
    const long = { ...paperProfile, sourceToDestination: direction, destinationToSource: direction };
    expect(tcpBufferMaxBytesOf(long)).toBe(4 * 65_625_000);
  });
});
