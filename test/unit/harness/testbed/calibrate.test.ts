import { expect, test } from '@jest/globals';
import type { AgentPort } from '#harness/agent-port';
import { calibrate } from '#harness/testbed/calibrate';
import { expectedOf } from '#harness/testbed/packet-train';
import { quantileMs } from '#harness/testbed/round-trips';
import { expectedGoodputMbps } from '#harness/testbed/tolerance';
import type { ArgumentOf, ControlMethod } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { rttMsOf } from '#proto/link';
import { probed } from '#test/support/probed';
import { scriptedTopology } from '#test/support/scripted-testbed';

const plain: LinkDirection = { rateMbps: 100, delayMs: 20, jitterMs: 0, lossPercent: 0, bufferMs: 40 };
const profileOf = (change: Partial<LinkDirection>): LinkProfile => ({
  name: 'x',
  description: 'x',
  sourceToDestination: { ...plain, ...change },
  destinationToSource: { ...plain, ...change },
});

/** The link's setting, and the delay that it adds. */
interface Bench {
  overheadMs: number;
  /** Round trips with jitter are off by this much. */
  jitterErrorMs?: number;
  throughputs?: (number | 'lost')[];
}

/** Agents at either end of a link that does what it was last set to. */
const benchOf = ({ overheadMs, jitterErrorMs = 0, throughputs = [] }: Bench) => {
  const applied: ArgumentOf<'applyLink'>[] = [];
  const rttMs = (): number => {
    const { profile, delayCorrectionMs } = applied.at(-1)!;
    const { sourceToDestination: out, destinationToSource: back } = profile;
    const jitterMs = out.jitterMs > 0 ? jitterErrorMs : 0;
    return out.delayMs + back.delayMs + 2 * (overheadMs - delayCorrectionMs) + jitterMs;
  };
  const answers: Partial<Record<ControlMethod, (argument: never) => unknown>> = {
    probeBackends: () => [{ backend: 'nfqueue', supported: true, reason: '' }],
    applyLink: (argument: ArgumentOf<'applyLink'>) => {
      applied.push(argument);
      return { backend: 'nfqueue', profile: 'x', readBack: {} };
    },
    probeServe: () => ({ udpPort: 1, tcpPort: 2 }),
    probeRtt: (plan: ArgumentOf<'probeRtt'>) => {
      const { profile } = applied.at(-1)!;
      const { lost, lossBursts, duplicates } = expectedOf(profile, plan);
      return probed(rttMs(), {
        ...{ samples: Math.round(plan.count - lost.expected), lost: Math.round(lost.expected) },
        ...{ lossBursts: Math.round(lossBursts.expected), duplicates: Math.round(duplicates.expected) },
        p10Ms: quantileMs(profile, 0.1) - rttMsOf(profile) + rttMs(),
        p90Ms: quantileMs(profile, 0.9) - rttMsOf(profile) + rttMs(),
      });
    },
    probeThroughput: () => {
      const goodputMbps = throughputs.shift() ?? expectedGoodputMbps(plain);
      if (goodputMbps === 'lost') throw new LivemigError('LINK_OUT_OF_TOLERANCE', 'the connection closed');
      return { goodputMbps, bytes: 1, measuredMs: 1 };
    },
  };
  const agent = {
    call: async (method: ControlMethod, argument: never) => answers[method]!(argument),
  } as unknown as AgentPort;
  const clients = { source: agent, destination: agent, wan: agent };
  const run = (profile: LinkProfile, applyInstead?: LinkProfile) =>
    calibrate({
      ...{ clients, topology: scriptedTopology, profile, backend: 'auto' as const },
      ...(applyInstead === undefined ? {} : { applyInstead }),
    });
  return { applied, run };
};

const jittersOf = (applied: readonly ArgumentOf<'applyLink'>[]): number[] =>
  applied.map(({ profile }) => profile.sourceToDestination.jitterMs);

test('the overhead is measured without jitter, which the finished link then has', async () => {
  const bench = benchOf({ overheadMs: 0.6, jitterErrorMs: 1 });
  const calibration = await bench.run(profileOf({ jitterMs: 5 }));
  expect(calibration).toMatchObject({ ok: true, reasons: [], rttMs: expect.closeTo(41) });
  expect(calibration.delayCorrectionMs).toBeCloseTo(0.6);
  expect(jittersOf(bench.applied)).toEqual([0, 0, 5]);
});

test('jitter does not hide a wrong delay', async () => {
  const wrong = benchOf({ overheadMs: 0 });
  const { ok, reasons } = await wrong.run(
    profileOf({ jitterMs: 5 }),
    profileOf({ jitterMs: 5, delayMs: 21.2 }),
  );
  expect(ok).toBe(false);
  expect(reasons).toEqual([expect.stringMatching(/before the jitter was switched on, RTT is 42\.40 ms/)]);
  const late = await benchOf({ overheadMs: 0, jitterErrorMs: 3 }).run(profileOf({ jitterMs: 5 }));
  expect(late.reasons).toEqual([
    expect.stringMatching(/^RTT is 43\.00 ms instead of (40\.0|39\.9)\d \(37\.\d\d to 42\.\d\d\)/),
  ]);
});

test('a link without jitter is set as it is from the start', async () => {
  const bench = benchOf({ overheadMs: 0 });
  expect(await bench.run(profileOf({}))).toMatchObject({ ok: true });
  expect(bench.applied).toHaveLength(1);
});

test('a lossy link is not refused for losing probes and a connection', async () => {
  const lossy = profileOf({ lossPercent: 20 });
  const bench = benchOf({ overheadMs: 0, throughputs: ['lost', 0.02, 'lost', 0.5] });
  expect(await bench.run(lossy)).toMatchObject({
    ok: true,
    goodputMbps: 0.02,
    reverseGoodputMbps: 0.5,
    throughputAttempts: 2,
  });
  // Negative controls: a link that should lose and doesn't, and one through which no connection comes at all.
  const whole = await benchOf({ overheadMs: 0 }).run(lossy, profileOf({}));
  expect(whole.reasons).toEqual([
    expect.stringMatching(/^0 of \d+ probes were lost, expected/),
    expect.stringMatching(/^0 of \d+ bursts of loss were seen in them, expected/),
  ]);
  await expect(
    benchOf({ overheadMs: 0, throughputs: ['lost', 'lost', 'lost'] }).run(lossy),
  ).rejects.toMatchObject({
    code: 'LINK_OUT_OF_TOLERANCE',
  });
});

test('loss is told from loss in bursts, and duplicates from none', async () => {
  const gemodel = { pPercent: 4, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 };
  const bursts = profileOf({ gemodel });
  expect(await benchOf({ overheadMs: 0 }).run(bursts)).toMatchObject({ ok: true });
  // As much of it, but one packet at a time.
  const lossPercent = 100 * (4 / 29);
  const even = await benchOf({ overheadMs: 0 }).run(bursts, profileOf({ lossPercent }));
  expect(even.reasons).toEqual([expect.stringMatching(/^\d+ of \d+ bursts of loss were seen in them/)]);
  const twice = profileOf({ duplicatePercent: 5 });
  expect(await benchOf({ overheadMs: 0 }).run(twice)).toMatchObject({ ok: true });
  const once = await benchOf({ overheadMs: 0 }).run(twice, profileOf({}));
  expect(once.reasons).toEqual([expect.stringMatching(/^0 of \d+ probes came twice, expected/)]);
});
