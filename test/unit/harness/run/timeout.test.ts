import { describe, expect, test } from '@jest/globals';
import { migrationTimeoutMs } from '#harness/run/transfer';
import { leastTimeouts } from '#proto/link-timeouts';
import { defaultCapabilities } from '#catalogue/capabilities';
import { defaultLimits } from '#catalogue/limits';
import { mebibyte, timerMs } from '#proto/units';
import { scriptedScenario } from '#test/support/scripted-testbed';

const link = { goodputMbps: 1000, rttMs: 50 };
const guest = { ...scriptedScenario.guest, ramBytes: 125e6, deviceStateBytes: 0 };
const disk = {
  sizeBytes: 500e6,
  allocatedBytes: 125e6,
  blockSizeBytes: 65_536,
  storage: 'block',
  live: true,
  incremental: true,
};
/**
 * 60 s of patience, 120 s of pre-copy, 120 s to make a connection and make it again, a hundred round trips, and ten times the
 * second that the guest takes at 1 Gb/s.
 */
const plainMs = 315_000;

describe('the time limit that ends a hung migration', () => {
  test.each([
    ['the link’s rate', {}, defaultCapabilities, plainMs],
    ['a cap before the switchover', { maxBandwidthMbps: 100 }, defaultCapabilities, plainMs + 90_000],
    [
      'the lower cap',
      { maxBandwidthMbps: 100, maxPostcopyBandwidthMbps: 50 },
      defaultCapabilities,
      plainMs + 190_000,
    ],
    ['no cap above the link', { maxBandwidthMbps: 5000 }, defaultCapabilities, plainMs],
    ['in-stream faults', {}, {}, plainMs],
    [
      'a round trip for each 256 KiB',
      {},
      { 'postcopy-preempt': 'blocking' },
      plainMs + (125e6 / 262_144) * 50,
    ],
    [
      'the device state, and what goes before it',
      {},
      defaultCapabilities,
      plainMs + 30_000,
      { deviceStateBytes: 125e6 },
    ],
    ['the disk, as far as it is written', {}, defaultCapabilities, plainMs + 10_000, { disk }],
    ['the whole disk', {}, defaultCapabilities, plainMs + 40_000, { disk: { ...disk, incremental: false } }],
    ['that a shared disk stays', {}, defaultCapabilities, plainMs, { disk: { ...disk, storage: 'shared' } }],
  ])('knows %s', (_, limits, capabilities, boundMs, change: object = {}) => {
    const scenario = {
      ...scriptedScenario,
      guest: { ...guest, ...change },
      limits: { ...defaultLimits, ...limits },
      capabilities,
    };
    expect(migrationTimeoutMs(scenario, link, leastTimeouts)).toBeCloseTo(boundMs, 3);
  });

  test.each([
    ['leaves half of it', 500, 'source', plainMs + 10_000],
    ['leaves nothing', 1_000, 'source', plainMs + 190_000],
    ['goes the other way', 500, 'destination', plainMs],
  ] as const)('knows traffic that %s', (_, rateMbps, from, boundMs) => {
    const flow = {
      kind: 'udp',
      rateMbps,
      direction: 'forward',
      packetBytes: 1400,
      windowBytes: 'auto',
    } as const;
    const scenario = {
      ...scriptedScenario,
      guest,
      limits: defaultLimits,
      capabilities: defaultCapabilities,
      traffic: [{ ...flow, from }],
    };
    expect(migrationTimeoutMs(scenario, link, leastTimeouts)).toBeCloseTo(boundMs, 3);
  });

  test('is at most a day, however slow the link', () => {
    const scenario = { ...scriptedScenario, guest: { ...guest, ramBytes: 256 * mebibyte } };
    const boundMs = migrationTimeoutMs(scenario, { goodputMbps: 0.01, rttMs: 50 }, leastTimeouts);
    expect(boundMs).toBe(24 * 3_600_000);
    expect(timerMs(boundMs)).toBe(boundMs);
  });
});
