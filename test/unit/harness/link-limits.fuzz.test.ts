import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mostJitterMs, mostLossPercent } from '#harness/link-limits';
import { parseProfile } from '#harness/profiles';
import { observerPaceOf } from '#harness/run/observer-pace';
import { tcpBufferMaxBytesOf } from '#harness/run/transfer';
import { pingIntervalMaxMs } from '#harness/scenario/cross-checks';
import { medianRttMsOf } from '#harness/testbed/normal';
import { drainPlanOf, patientPlan, rttPlanOf, throughputPlanOf } from '#harness/testbed/probe-plan';
import {
  calmProfileOf,
  expectedGoodputMbps,
  exactRateMbps,
  fastLinkFloor,
  goodputReasons,
  isTcpBound,
  lossReasons,
  nextCorrectionMs,
  rttReasons,
} from '#harness/testbed/tolerance';
import { netemArguments, splitterArguments } from '#hosts/wan/netem-stages';
import { tbfArguments } from '#hosts/wan/tc';
import { parseArgument } from '#proto/control-arguments';
import type { ControlMethod } from '#proto/control';
import { toErrorDocument } from '#proto/errors';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { rttMsOf } from '#proto/link';
import { fuzz } from '#test/support/fuzz';

/** The limits of a figure, values just beyond them, and values in between. */
const figure = (least: number, most: number, ...special: number[]) =>
  fc.oneof(
    fc.constantFrom(least, most, least - 0.001, most * 1.001, ...special),
    fc.double({ min: least, max: most, noNaN: true }),
  );

const direction: fc.Arbitrary<LinkDirection> = fc.record({
  rateMbps: figure(1, 100_000, 2, 10, 100, 1_000, exactRateMbps),
  delayMs: figure(0, 1_000, 0.1, 1, 20, 50, 300),
  jitterMs: figure(0, 1_000, 1, 5, 10, mostJitterMs, mostJitterMs + 1),
  lossPercent: figure(0, 50, 0.1, 1, 20, mostLossPercent, mostLossPercent + 1),
  bufferMs: figure(0.1, 10_000, 1, 5, 50),
});

const textOf = (sourceToDestination: LinkDirection, destinationToSource: LinkDirection): string =>
  JSON.stringify({ name: 'x', description: 'x', sourceToDestination, destinationToSource });

const minuteMs = 60_000;
const mostUint32 = 2 ** 32 - 1;
const inKernel = (args: readonly string[]): void => {
  for (const name of ['limit', 'burst']) {
    const at = args.indexOf(name);
    if (at < 0) continue;
    expect(Number(args[at + 1])).toBeGreaterThan(0);
    expect(Number(args[at + 1])).toBeLessThanOrEqual(mostUint32);
  }
};

const at = { address: '192.0.2.1', port: 1 };
/** The agents take no argument beyond their bounds. */
const accepted = (method: ControlMethod, argument: object): void => {
  expect(() => parseArgument(method, argument)).not.toThrow();
};

/** A link that is exactly as its profile says meets all requirements of calibration and instruments. */
const expectAnswerable = (profile: LinkProfile): void => {
  const rtt = rttPlanOf(profile);
  const wantedMs = medianRttMsOf(profile);
  expect(rtt.patienceMs).toBeGreaterThan(wantedMs);
  expect(rtt.count * rtt.intervalMs).toBeLessThan(minuteMs);
  accepted('probeRtt', { ...at, ...rtt });
  const share =
    (1 - profile.sourceToDestination.lossPercent / 100) * (1 - profile.destinationToSource.lossPercent / 100);
  const samples = Math.round(rtt.count * share);
  expect(samples).toBeGreaterThanOrEqual(20);
  expect(rttReasons(profile, wantedMs, samples)).toEqual([]);
  expect(lossReasons(profile, { samples, lost: rtt.count - samples })).toEqual([]);
  // One and a half times the delay is another link, provided that exceeds noise and chance.
  expect(rttReasons(profile, 3 * wantedMs + 1, samples)).toHaveLength(1);
  const calm = calmProfileOf(profile) ?? profile;
  expect(nextCorrectionMs(calm, 0, rttMsOf(calm))).toBe(0);

  for (const one of [profile.sourceToDestination, profile.destinationToSource]) {
    const plan = patientPlan(throughputPlanOf(profile, one, 500), profile, 3);
    accepted('probeThroughput', { ...at, ...plan });
    expect(plan.patienceMs).toBeGreaterThan(plan.rampMs + plan.measureMs + wantedMs);
    const goodput = expectedGoodputMbps(one);
    expect(goodputReasons('there', profile, one, goodput)).toEqual([]);
    expect(goodputReasons('there', profile, one, 1.1 * goodput)).toHaveLength(1);
    const below = 0.9 * (one.rateMbps > exactRateMbps ? fastLinkFloor : 1) * goodput;
    expect(goodputReasons('there', profile, one, below)).toHaveLength(isTcpBound(profile, one) ? 0 : 1);
    inKernel(tbfArguments(one));
    inKernel(netemArguments(one));
    inKernel(splitterArguments(one));
  }
  expect(drainPlanOf(profile)?.patienceMs ?? 0).toBeLessThan(minuteMs);
  expect(tcpBufferMaxBytesOf(profile)).toBeLessThan(2 ** 31);
  const pace = observerPaceOf({ pingIntervalMs: 1 }, profile, minuteMs);
  expect(pace.intervalMs).toBeLessThanOrEqual(pingIntervalMaxMs);
  expect(pace.settleMs).toBeGreaterThan(wantedMs);
  accepted('stopPings', { settleMs: pace.settleMs });
};

describe('a link at the extremes of its ranges', () => {
  fuzz(
    'is refused with its place and reason, or everything that is asked of it can be met',
    fc.tuple(direction, direction),
    ([out, back]) => {
      let profile: LinkProfile;
      try {
        profile = parseProfile(textOf(out, back), 'x.yaml');
      } catch (error) {
        const { code, problems = [] } = toErrorDocument(error);
        expect(code).toBe('BAD_INPUT');
        expect(problems.length).toBeGreaterThan(0);
        for (const problem of problems)
          expect(problem).toMatch(/(sourceToDestination|destinationToSource)\.\w+: \S/);
        return;
      }
      expectAnswerable(profile);
    },
    { share: 0.5 },
  );

  const plain: LinkDirection = { rateMbps: 100, delayMs: 20, jitterMs: 0, lossPercent: 0, bufferMs: 40 };
  const problemsOf = (change: Partial<LinkDirection>): readonly string[] => {
    try {
      parseProfile(textOf({ ...plain, ...change }, plain), 'x.yaml');
      return [];
    } catch (error) {
      return toErrorDocument(error).problems ?? [];
    }
  };

  test.each<[Partial<LinkDirection>, RegExp]>([
    [{ delayMs: 1, jitterMs: 5 }, /jitterMs: expected at most delayMs \(1\), got 5: .*before it was sent/],
    [{ delayMs: 900, jitterMs: 251 }, /jitterMs: expected ms from 0 to 250, got 251: /],
    [{ lossPercent: 31 }, /lossPercent: expected percent from 0 to 30, got 31: /],
    [
      { rateMbps: 100_000, bufferMs: 10_000, delayMs: 1 },
      /bufferMs: expected at most 343 at 100000 Mb\/s, got 10000: /,
    ],
    [
      { rateMbps: 100_000, delayMs: 1_000 },
      /rateMbps: expected at most 8421 with a round trip of 1020 ms, got 100000: /,
    ],
  ])('%j is refused, and says why', (change, problem) => {
    expect(problemsOf(change)).toEqual([expect.stringMatching(problem)]);
  });

  test.each<[Partial<LinkDirection>]>([
    [{ jitterMs: 5 }],
    [{ delayMs: 50, jitterMs: 10 }],
    [{ delayMs: 5, jitterMs: 5 }],
    [{ delayMs: 1_000 }],
    [{ lossPercent: 20 }],
    [{ rateMbps: 1, bufferMs: 0.1 }],
    [{ rateMbps: 1, bufferMs: 10_000 }],
  ])('%j is accepted', (change) => {
    expect(problemsOf(change)).toEqual([]);
  });
});
