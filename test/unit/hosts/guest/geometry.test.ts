import { describe, expect, test } from '@jest/globals';
import { geometryOf, randomEverywhere, regionContentOf, sliceOf } from '#hosts/guest/geometry';
import type { GuestConfig } from '#proto/guest';

const guest = (ram: number, base: number, region: number): GuestConfig => ({
  ramBytes: ram * 4096,
  vcpus: 3,
  baseFootprintBytes: base * 4096,
  deviceStateBytes: 0,
  prealloc: true,
  seed: 1,
  workload: {
    name: 'stress',
    regionBytes: region * 4096,
    dirtyRatePagesPerSecond: 0,
    content: 'random',
  },
});

test('the region is the uniform part, if the workload says so', () => {
  const config = guest(100, 20, 50);
  const uniform = { ...config, workload: { ...config.workload, content: 'uniform' as const } };
  expect(regionContentOf(uniform)).toEqual({ first: 20, end: 70, content: 'uniform' });
  expect(regionContentOf(config)).toBe(randomEverywhere);
});

describe('geometryOf', () => {
  test('puts the region behind the base footprint', () => {
    expect(geometryOf(guest(100, 20, 50))).toEqual({
      pageCount: 100,
      basePages: 20,
      regionFirst: 20,
      regionPages: 50,
    });
  });

  test('moves the region down where RAM ends', () => {
    expect(geometryOf(guest(100, 80, 50))).toMatchObject({ regionFirst: 50, regionPages: 50 });
  });
});

test("the vCPUs' slices cover the region and don't overlap", () => {
  const geometry = geometryOf(guest(100, 20, 50));
  const pages = [0, 1, 2].flatMap((vcpu) => {
    const { first, pages: count } = sliceOf(geometry, vcpu, 3);
    return Array.from({ length: count }, (_, index) => first + index);
  });
  expect(pages).toEqual(Array.from({ length: 50 }, (_, index) => 20 + index));
});
