import { describe, expect, test } from '@jest/globals';
import { decodePingSamples, encodePingSamples, pingHost } from '#proto/pings';

describe('ping samples on the wire', () => {
  const samples = {
    sentAtMs: Float64Array.of(1.25, 2.5, 1e9 + 0.001),
    receivedAtMs: Float64Array.of(1.5, NaN, 1e9 + 5.5),
    host: Uint8Array.of(pingHost.source, pingHost.none, pingHost.destination),
  };

  test('are read back unchanged, even from a buffer at an odd offset', () => {
    const blob = encodePingSamples(samples);
    const shifted = Buffer.concat([Buffer.of(0), blob]).subarray(1);
    expect(decodePingSamples(shifted)).toEqual(samples);
  });

  test('are refused in a torn blob', () => {
    expect(() => decodePingSamples(encodePingSamples(samples).subarray(1))).toThrow('50 bytes');
  });
});
