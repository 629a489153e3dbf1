import { describe, expect, test } from '@jest/globals';
import { parseProfile } from '#harness/profiles';
import { parseScenario } from '#harness/scenario';
import { parseArgument } from '#proto/control-arguments';
import { requestCodec } from '#proto/control-codec';
import { controlArgumentMaxBytes, controlContract } from '#proto/control-service';
import { strategyTextMaxBytes } from '#proto/strategy';
import { deviceStateMaxBytes, ramMaxBytes, seedMax, vcpusMax } from '#proto/guest';
import { profileDescriptionMax, profileNameMax } from '#proto/link';
import { pageSizeBytes } from '#proto/units';

/** What the harness accepts from a user, an agent accepts from the harness. */

const profileText = (nameLength: number, descriptionLength: number): string => `
name: ${'n'.repeat(nameLength)}
description: ${'d'.repeat(descriptionLength)}
both: { rateMbps: 20, delayMs: 10, bufferMs: 100 }
`;
const interfaces = { towardsSource: '10.0.0.1', towardsDestination: '10.0.1.1', towardsObserver: '10.0.2.1' };
const sent = (profile: unknown) =>
  parseArgument('applyLink', { profile, backend: 'netem', delayCorrectionMs: 0, seed: 0, interfaces });

describe('the harness and the agents have the same bounds', () => {
  test('for a profile', () => {
    const longest = parseProfile(profileText(profileNameMax, profileDescriptionMax), 'long.yaml');
    expect(sent(longest)).toMatchObject({ profile: longest });
    for (const [name, description] of [
      [profileNameMax + 1, 1],
      [1, profileDescriptionMax + 1],
    ] as const) {
      const longer = { ...longest, name: 'n'.repeat(name), description: 'd'.repeat(description) };
      expect(() => parseProfile(profileText(name, description), 'longer.yaml')).toThrow(
        /longer\.yaml.*up to/,
      );
      expect(() => sent(longer)).toThrow(/characters/);
    }
  });

  test('for a guest', () => {
    const largest = { ram: ramMaxBytes, baseFootprint: 0, vcpus: vcpusMax, deviceState: deviceStateMaxBytes };
    const parsed = (change: object) =>
      parseScenario({ guest: { ...largest, ...change }, seed: seedMax }, {}, ['lan-1g']);
    const { scenario } = parsed({});
    const booted = (change: object) => {
      const { guest: its, workload, seed } = scenario!;
      const guest = { ...its, workload, seed, ...change };
      return parseArgument('bootGuest', { guest, address: '10.0.0.1' });
    };
    expect(booted({}).guest).toMatchObject({ ramBytes: ramMaxBytes, vcpus: vcpusMax, seed: seedMax });
    for (const [key, argument, value] of [
      ['ram', 'ramBytes', ramMaxBytes + pageSizeBytes],
      ['vcpus', 'vcpus', vcpusMax + 1],
      ['deviceState', 'deviceStateBytes', deviceStateMaxBytes + 1],
    ] as const) {
      expect(parsed({ [key]: value }).problems.join()).toContain(key);
      expect(() => booted({ [argument]: value })).toThrow(argument);
    }
  });

  test("for a strategy's text, even at three bytes of UTF-8 per character", () => {
    const argument = { strategyText: '\u20ac'.repeat(strategyTextMaxBytes) };
    const { length } = requestCodec.serialize({ contract: controlContract, method: 'migrate', argument });
    expect(length).toBeLessThanOrEqual(controlArgumentMaxBytes);
    expect(length).toBeGreaterThan(3 * strategyTextMaxBytes);
  });
});
