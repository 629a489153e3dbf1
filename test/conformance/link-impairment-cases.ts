/** What a link backend must leave to chance, as an observer of its own sees it; each with a link that doesn't. */
import assert from 'node:assert/strict';
import type { JitterDistribution } from '#catalogue/jitter-distributions';
import { deviatesOf, tableEntries } from '#catalogue/jitter-distributions';
import { calibrate } from '#harness/testbed/calibrate';
import type { KernelBackendName, LinkDirection } from '#proto/link';
import { lossAgainOf, lossShareOf } from '#proto/link';
import type { LinkLab } from '../support/link-lab.ts';
import { assertBetween, OutOfBounds } from './link-backend-case.ts';
import type { LinkBackendCase } from './link-backend-case.ts';
import { applyLink, linkOf, trace, volume } from './link-traffic.ts';

/** One in 15,000 sound links is further off. */
const sureDeviations = 4;

/** What became of numbered packets, by the order in which they came back. */
interface Seen {
  lost: number;
  bursts: number;
  duplicates: number;
  /** Packets that came back before the one that was sent before them. */
  overtakes: number;
}

const seenOf = (order: readonly number[], sent: number): Seen => {
  const first = new Map<number, number>();
  for (const [at, nth] of order.entries()) if (!first.has(nth)) first.set(nth, at);
  const isLost = (nth: number): boolean => nth >= 0 && nth < sent && !first.has(nth);
  const all = Array.from({ length: sent }, (_, nth) => nth);
  return {
    lost: all.filter(isLost).length,
    bursts: all.filter((nth) => isLost(nth) && !isLost(nth - 1)).length,
    duplicates: order.length - first.size,
    overtakes: all.filter((nth) => (first.get(nth) ?? Infinity) < (first.get(nth - 1) ?? -1)).length,
  };
};

const seenOver = async (lab: LinkLab, sent: number, intervalMs: number): Promise<Seen> =>
  seenOf((await trace(lab, 'observer', 'destination', sent, intervalMs)).order, sent);

const quantile = (values: readonly number[], fraction: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(fraction * (values.length - 1))] ?? NaN;

const jitterMs = 8;
const probes = 220;
/** As far as pareto's earliest and latest are from each other. */
const probeIntervalMs = 38;
/** Of a share's quantile: binomial, as it is for every distribution. */
const chance = (share: number): number => 3.3 * Math.sqrt((share * (1 - share)) / probes);
/** The machine's own doing. */
const noiseMs = 0.5;

/** Whether round trips vary as a distribution does: what lies between three quantiles of them. */
const isSpreadAs = (distribution: JitterDistribution, rttMs: readonly number[]): boolean => {
  const deviates = deviatesOf(distribution);
  const at = (share: number): number =>
    jitterMs * deviates[Math.min(tableEntries - 1, Math.max(0, Math.floor(share * tableEntries)))]!;
  const fits = (low: number, high: number): boolean => {
    const ms = quantile(rttMs, high) - quantile(rttMs, low);
    const least = at(high - chance(high)) - at(low + chance(low));
    const most = at(high + chance(high)) - at(low - chance(low));
    return ms >= least - noiseMs && ms <= most + noiseMs;
  };
  return fits(0.1, 0.5) && fits(0.1, 0.9);
};

const gemodel = { pPercent: 2, rPercent: 25, badLossPercent: 100, goodLossPercent: 0 };

export const linkImpairmentCases = (backend: KernelBackendName): LinkBackendCase[] => {
  const apply = (lab: LinkLab, change: Partial<LinkDirection>) => applyLink(lab, backend, linkOf(change));

  return [
    {
      name: 'jitter has the distribution that was asked for, and no other',
      run: async (lab) => {
        // In this order: netem keeps pareto's table, and must not draw uniform jitter from it.
        for (const jitterDistribution of ['pareto', 'uniform'] as const) {
          await apply(lab, { delayMs: 35, jitterMs, jitterDistribution });
          const { rttMs } = await trace(lab, 'observer', 'destination', probes, probeIntervalMs);
          assert.equal(rttMs.length, probes);
          const fitting = (['uniform', 'normal', 'pareto'] as const).filter((name) =>
            isSpreadAs(name, rttMs),
          );
          if (fitting.join() !== jitterDistribution)
            throw new OutOfBounds(
              `${jitterDistribution} jitter looks like ${fitting.join(' or ') || 'none of them'}`,
            );
        }
      },
    },
    {
      name: 'jitter that is taken back is gone',
      run: async (lab) => {
        // A busy machine makes packets late and never early, so that the earlier ones tell.
        const spreadMs = async (): Promise<number> => {
          const { rttMs } = await trace(lab, 'observer', 'destination', 60, 15);
          return quantile(rttMs, 0.4) - quantile(rttMs, 0.05);
        };
        await apply(lab, { delayMs: 35, jitterMs, jitterDistribution: 'uniform' });
        assertBetween('5th to 40th percentile in ms with jitter', await spreadMs(), 3, 2 * jitterMs);
        await apply(lab, { delayMs: 35 });
        assertBetween('5th to 40th percentile in ms without jitter', await spreadMs(), 0, 2);
      },
    },
    {
      name: 'loss comes in bursts of the length that was asked for, and single without them',
      run: async (lab) => {
        const sent = 2_000;
        const ofBursts = { ...linkOf({ gemodel }).sourceToDestination };
        const lossPercent = 100 * lossShareOf(ofBursts);
        const expectedBursts = (sent * lossPercent * (1 - lossAgainOf(ofBursts))) / 100;
        await apply(lab, { gemodel });
        const seen = await seenOver(lab, sent, 2);
        // Bursts begin independently of each other, and the length of each is geometrically distributed.
        const deviation = Math.sqrt(expectedBursts);
        assertBetween(
          'bursts',
          seen.bursts,
          expectedBursts - sureDeviations * deviation,
          expectedBursts + sureDeviations * deviation,
        );
        const burst = 100 / gemodel.rPercent;
        const spread = Math.sqrt(burst * (burst - 1)) / Math.sqrt(seen.bursts);
        assertBetween(
          'packets in a burst',
          seen.lost / seen.bursts,
          burst - sureDeviations * spread,
          burst + sureDeviations * spread,
        );
        // As many, independently: hardly ever two in a row.
        await apply(lab, { lossPercent });
        const single = await seenOver(lab, sent, 2);
        assertBetween('lost without bursts', single.lost, 0.5 * seen.lost, 2 * seen.lost);
        assertBetween('packets in a row without bursts', single.lost / single.bursts, 1, 1.3);
      },
    },
    {
      name: 'as many packets come twice as were asked for, and none without',
      run: async (lab) => {
        const sent = 1_000;
        await apply(lab, { duplicatePercent: 10 });
        const { duplicates, lost, overtakes } = await seenOver(lab, sent, 2);
        const expected = 0.1 * sent;
        const tolerance = sureDeviations * Math.sqrt(expected * 0.9);
        assertBetween('duplicates', duplicates, expected - tolerance, expected + tolerance);
        assert.deepEqual([lost, overtakes], [0, 0]);
        // A duplicate is a sound packet: TCP gets what it was sent.
        await volume(lab, 1 << 20);
        await apply(lab, {});
        assert.equal((await seenOver(lab, 200, 2)).duplicates, 0);
      },
    },
    {
      name: 'as many packets overtake as were asked for, at the distance of a gap, and none without',
      run: async (lab) => {
        const sent = 1_000;
        await apply(lab, { delayMs: 20, reorderPercent: 50, reorderGap: 10 });
        const { overtakes, duplicates, lost } = await seenOver(lab, sent, 2);
        // Nine are delayed for certain, and one more on average: the length of a cycle varies by √2 packets.
        const cycles = sent / 11;
        const tolerance = sureDeviations * (Math.sqrt(2) / 11) * Math.sqrt(cycles) + 1;
        assertBetween('overtaking packets', overtakes, cycles - tolerance, cycles + tolerance);
        assert.deepEqual([lost, duplicates], [0, 0]);
        await volume(lab, 1 << 20);
        await apply(lab, { delayMs: 20 });
        assert.equal((await seenOver(lab, 200, 2)).overtakes, 0);
      },
    },
    {
      name: 'packets are no longer than the MTU, which hosts that know nothing of it are told, and longer without',
      run: async (lab) => {
        const mtuBytes = 1300;
        const packetBytes = async (): Promise<number> => {
          const before = (await lab.clients.wan.call('linkCounters', {})).sourceToDestination;
          await volume(lab, 4 << 20);
          const after = (await lab.clients.wan.call('linkCounters', {})).sourceToDestination;
          return (after.bytes - before.bytes) / (after.packets - before.packets);
        };
        const narrow = { mtuBytes };
        const { readBack } = await applyLink(lab, backend, linkOf(narrow, narrow));
        assert.match(readBack.sourceToDestination, /mtu 1300/);
        assert.match(await lab.run('router', 'ip', 'link', 'show', lab.shapedInterface), /mtu 1300/);
        assertBetween('bytes of a packet', await packetBytes(), 0.97 * (mtuBytes + 14), mtuBytes + 14);
        // What the source has been told it remembers for ten minutes.
        await lab.run('source', 'ip', 'route', 'flush', 'cache');
        await apply(lab, {});
        assert.match(await lab.run('router', 'ip', 'link', 'show', lab.shapedInterface), /mtu 1500/);
        assertBetween('bytes of a packet without', await packetBytes(), 0.97 * 1514, 1514);
      },
    },
    {
      name: 'calibration accepts all of it at once, and refuses a link that has none of it',
      run: async (lab) => {
        const profile = linkOf({
          // Enough for the link without it to be told apart even where the machine's own lateness is milliseconds.
          ...{ delayMs: 30, jitterMs: 8, jitterDistribution: 'normal' as const },
          ...{ gemodel, duplicatePercent: 5, reorderPercent: 5 },
        });
        const right = await calibrate({ ...lab, profile, backend });
        if (!right.ok) throw new OutOfBounds(right.reasons.join('; '));
        const wrong = await calibrate({ ...lab, profile, backend, applyInstead: linkOf({ delayMs: 30 }) });
        const reasons = wrong.reasons.join();
        for (const reason of [/percentile of the RTT/, /probes were lost/, /bursts/, /twice/, /overtook/])
          assert.ok(reason.test(reasons), `expected ${String(reason)} among the reasons, got: ${reasons}`);
      },
    },
  ];
};
