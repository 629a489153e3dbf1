import { describe, expect, test } from '@jest/globals';
import { migrationTimeoutMs } from '../../../../harness/run/transfer.ts';
import { leastTimeouts } from '../../../../proto/link-timeouts.ts';
import { defaultLimits, defaultTransfer } from '../../../../proto/strategy.ts';
import { scriptedScenario } from '../../../support/scripted-testbed.ts';

const link = { goodputMbps: 1000, rttMs: 50 };
const guest = { ...scriptedScenario.guest, ramBytes: 125e6, deviceStateBytes: 0 };
/**
 * 60 s of patience, 120 s of pre-copy, 120 s to make a connection and make it again, a hundred round trips, and ten times the
 * second that the guest takes at 1 Gb/s.
 */
const plainMs = 315_000;

describe('the bound that ends a hung migration', () => {
  test.each([
    ['the link’s rate', {}, {}, plainMs],
    ['a cap before the switchover', { maxBandwidthMbps: 100 }, {}, plainMs + 90_000],
    ['the lower cap', { maxBandwidthMbps: 100, maxPostcopyBandwidthMbps: 50 }, {}, plainMs + 190_000],
    ['no cap above the link', { maxBandwidthMbps: 5000 }, {}, plainMs],
    ['in-stream faults', {}, { faults: 'in-stream' as const }, plainMs],
    ['a round trip for each 256 KiB', {}, { faults: 'blocking' as const }, plainMs + (125e6 / 262_144) * 50],
    ['the device state, and what goes before it', {}, {}, plainMs + 30_000, { deviceStateBytes: 125e6 }],
  ])('knows %s', (_, limits, transfer, boundMs, change: object = {}) => {
    const scenario = {
      ...scriptedScenario,
      guest: { ...guest, ...change },
      limits: { ...defaultLimits, ...limits },
      transfer: { ...defaultTransfer, ...transfer },
    };
    expect(migrationTimeoutMs(scenario, link, leastTimeouts)).toBeCloseTo(boundMs, 3);
  });
});
