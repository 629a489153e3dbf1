import { describe, expect, test } from '@jest/globals';
import { decodeLinkSamples, encodeLinkSamples } from '#proto/link-samples';

describe('link samples on the wire', () => {
  const samples = {
    atMs: Float64Array.of(1.25, 51.5),
    sourceToDestinationBytes: Float64Array.of(0, 2 ** 40),
    destinationToSourceBytes: Float64Array.of(3, 4),
  };

  test('are read back unchanged, even from a buffer at an odd offset', () => {
    const shifted = Buffer.concat([Buffer.of(0), encodeLinkSamples(samples)]).subarray(1);
    expect(decodeLinkSamples(shifted)).toEqual(samples);
  });

  test('are refused in a torn blob', () => {
    expect(() => decodeLinkSamples(encodeLinkSamples(samples).subarray(1))).toThrow('47 bytes');
  });
});
