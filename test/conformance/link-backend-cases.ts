/**
 * What any link backend must do, on real namespaces. Free of any test framework, so that it also runs in user-mode
 * Linux, where the real netem is.
 */
import assert from 'node:assert/strict';
import { calibrate } from '#harness/testbed/calibrate';
import type { KernelBackendName, LinkProfile } from '#proto/link';
import type { LinkLab } from '../support/link-lab.ts';
import { assertBetween, OutOfBounds } from './link-backend-case.ts';
import type { LinkBackendCase } from './link-backend-case.ts';
import { linkImpairmentCases } from './link-impairment-cases.ts';
import { linkSampleCases } from './link-sample-cases.ts';
import { applyLink, linkOf, trace, volume } from './link-traffic.ts';

const quantile = (values: readonly number[], fraction: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(fraction * (values.length - 1))] ?? NaN;
const median = (values: readonly number[]): number => quantile(values, 0.5);
/** The delay without what a busy machine adds to it. */
const floor = (values: readonly number[]): number => quantile(values, 0.1);

export const linkBackendCases = (backend: KernelBackendName): LinkBackendCase[] => {
  const apply = (lab: LinkLab, profile: LinkProfile) => applyLink(lab, backend, profile);

  return [
    {
      name: 'calibrates to the RTT and the rate that were asked for, each direction by itself',
      run: async (lab) => {
        const profile = linkOf({ rateMbps: 100, delayMs: 8 }, { rateMbps: 40, delayMs: 2 });
        const calibration = await calibrate({ ...lab, profile, backend });
        if (!calibration.ok) throw new OutOfBounds(calibration.reasons.join('; '));
        assert.equal(calibration.backend, backend);
      },
    },
    {
      name: 'a link with the wrong delay is refused',
      run: async (lab) => {
        const profile = linkOf({});
        const calibration = await calibrate({
          ...lab,
          profile,
          backend,
          applyInstead: linkOf({ delayMs: 8 }),
        });
        assert.equal(calibration.ok, false);
        assert.match(calibration.reasons.join(), /RTT is 1\d\.\d+ ms instead of 10\.00/);
      },
    },
    {
      name: 'a link with the wrong rate is refused',
      run: async (lab) => {
        const calibration = await calibrate({
          ...lab,
          profile: linkOf({}),
          backend,
          applyInstead: linkOf({ rateMbps: 60 }),
        });
        assert.equal(calibration.ok, false);
        assert.match(calibration.reasons.join(), /goodput source to destination is [56]\d(?:\.\d)? Mb\/s/);
      },
    },
    {
      name: 'jitter spreads the delay and keeps the order',
      run: async (lab) => {
        await apply(lab, linkOf({ delayMs: 20, jitterMs: 3 }));
        // Close together for the order, which jitter alone would upset; far apart for the spread, which order narrows.
        const { order } = await trace(lab, 'source', 'destination', 300, 2);
        assert.equal(order.length, 300);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
        const { rttMs } = await trace(lab, 'source', 'destination', 200, 20);
        // Normal distribution: 1.28 standard deviations. The upper half would show the machine's noise, too.
        assertBetween('10th to 50th percentile in ms', median(rttMs) - floor(rttMs), 2.6, 5.2);
        assertBetween('median RTT in ms', median(rttMs), 24, 29);
      },
    },
    {
      name: 'loss is the share of packets that was asked for',
      run: async (lab) => {
        await apply(lab, linkOf({ lossPercent: 10 }));
        // Far enough apart for a stalled machine's sockets: only the link may lose them.
        const { order } = await trace(lab, 'source', 'destination', 1500, 5);
        // Four standard deviations of a binomial distribution.
        assertBetween('lost of 1500', 1500 - order.length, 104, 196);
      },
    },
    {
      name: 'loss hits packets of the wire, not super-packets',
      run: async (lab) => {
        await apply(lab, linkOf({ lossPercent: 2 }));
        const before = (await lab.clients.wan.call('linkCounters', {})).sourceToDestination;
        await volume(lab, 3 << 20);
        const after = (await lab.clients.wan.call('linkCounters', {})).sourceToDestination;
        const [packets, dropped] = [after.packets - before.packets, after.dropped - before.dropped];
        // 2,170 segments: 43 lost on average, 17–69 within four standard deviations.
        assertBetween('lost packets', dropped, 17, 75);
        assertBetween('packets', packets, 2_100, 3_000);
      },
    },
    {
      name: 'a change takes effect on the live link, without losing what is under way',
      run: async (lab) => {
        await apply(lab, linkOf({ delayMs: 30 }));
        // Half of its 12 s: the trace itself may take seconds to start.
        const running = trace(lab, 'source', 'destination', 600, 20);
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        await apply(lab, linkOf({ delayMs: 10, rateMbps: 150 }));
        const { order, rttMs } = await running;
        assert.equal(order.length, 600);
        assertBetween('RTT in ms before', floor(rttMs.slice(5, 30)), 35, 40);
        assertBetween('RTT in ms after', floor(rttMs.slice(-40)), 15, 18);
      },
    },
    {
      name: 'a link in use may lose packets from now on, and no longer, and is counted on',
      run: async (lab) => {
        const bytes = async () => (await lab.clients.wan.call('linkCounters', {})).sourceToDestination.bytes;
        const inUse = { isLive: true, mayHitPackets: true };
        await applyLink(lab, backend, linkOf({}), { mayHitPackets: true });
        await volume(lab, 2 << 20);
        const before = await bytes();
        await applyLink(lab, backend, linkOf({ lossPercent: 10, delayMs: 10 }), inUse);
        assert.ok((await bytes()) >= before);
        const lossy = await trace(lab, 'source', 'destination', 800, 5);
        // Four standard deviations of a binomial distribution.
        assertBetween('lost of 800', 800 - lossy.order.length, 46, 114);
        assertBetween('RTT in ms', floor(lossy.rttMs), 15, 18);
        await applyLink(lab, backend, linkOf({}), inUse);
        assert.equal((await trace(lab, 'source', 'destination', 200, 5)).order.length, 200);
        await volume(lab, 2 << 20);
        assertBetween('bytes counted', (await bytes()) - before, 2 << 20, 6 << 20);
      },
    },
    {
      name: 'a link in use that becomes slow still sends what was queued while it was fast',
      run: async (lab) => {
        const bytes = 64 << 20;
        const sent = async () => (await lab.clients.wan.call('linkCounters', {})).sourceToDestination.bytes;
        // 64 MiB take half a second at 1 Gb/s, and the queue is full soon.
        const fast = { rateMbps: 1_000 };
        await apply(lab, linkOf(fast, fast));
        const before = await sent();
        let isOver = false;
        const slowDown = async (): Promise<void> => {
          while (!isOver && (await sent()) - before < bytes / 8)
            await new Promise((resolve) => setTimeout(resolve, 5));
          // This machine was too late to try it.
          if (isOver) throw new OutOfBounds('everything had been sent before the link became slow');
          const slow = { rateMbps: 50 };
          await applyLink(lab, backend, linkOf(slow, slow), { isLive: true });
        };
        const send = async (): Promise<void> => {
          await volume(lab, bytes);
          isOver = true;
        };
        await Promise.all([send(), slowDown()]);
      },
    },
    {
      name: 'a link in use without any delay gets one, and gives it up again, without losing anything',
      run: async (lab) => {
        const none = linkOf({ delayMs: 0 }, { delayMs: 0 });
        await apply(lab, none);
        const running = trace(lab, 'source', 'destination', 600, 20);
        await new Promise((resolve) => setTimeout(resolve, 6_000));
        await applyLink(lab, backend, linkOf({ delayMs: 20 }, { delayMs: 20 }), { isLive: true });
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        await applyLink(lab, backend, none, { isLive: true });
        const { order, rttMs } = await running;
        assert.equal(order.length, 600);
        // netem sorts by due time: a shorter delay overtakes.
        if (backend === 'nfqueue')
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        assertBetween('RTT in ms before', floor(rttMs.slice(5, 30)), 0, 3);
        // For 2.5 s: a hundred of them at least.
        assertBetween('RTT in ms meanwhile', floor(rttMs.toSorted((a, b) => b - a).slice(0, 100)), 40, 46);
        assertBetween('RTT in ms after', floor(rttMs.slice(-40)), 0, 3);
      },
    },
    {
      name: 'a link that nobody uses is not changed as one that is in use',
      run: async (lab) => {
        const other = backend === 'netem' ? 'nfqueue' : 'netem';
        await apply(lab, linkOf({}));
        await assert.rejects(applyLink(lab, other, linkOf({}), { isLive: true }), {
          code: 'LINK_NOT_APPLIED',
        });
        // Stages for loss can't be built around what is queued.
        if (backend === 'netem')
          await assert.rejects(applyLink(lab, backend, linkOf({ lossPercent: 1 }), { isLive: true }), {
            code: 'LINK_NOT_APPLIED',
          });
      },
    },
    {
      name: 'the observer is far from the destination and near the source',
      run: async (lab) => {
        await apply(lab, linkOf({ delayMs: 15 }, { delayMs: 5 }));
        assertBetween(
          'RTT in ms to the source',
          floor((await trace(lab, 'observer', 'source', 60, 20)).rttMs),
          0,
          2,
        );
        assertBetween(
          'RTT in ms to the destination',
          floor((await trace(lab, 'observer', 'destination', 60, 20)).rttMs),
          20,
          23,
        );
      },
    },
    {
      name: 'counts bytes as they are on the wire, headers of every segment included',
      run: async (lab) => {
        await apply(lab, linkOf({ rateMbps: 200, delayMs: 1 }));
        const before = await lab.clients.wan.call('linkCounters', {});
        await volume(lab, 20 << 20);
        const after = await lab.clients.wan.call('linkCounters', {});
        const bytes = after.sourceToDestination.bytes - before.sourceToDestination.bytes;
        const returned = after.destinationToSource.bytes - before.destinationToSource.bytes;
        assertBetween(
          'wire bytes / payload bytes',
          bytes / (20 << 20),
          1514 / 1448 - 0.001,
          (1514 / 1448) * 1.02,
        );
        assertBetween('bytes of acknowledgements', returned, 1_000, 2 << 20);
      },
    },
    ...linkImpairmentCases(backend),
    ...linkSampleCases(backend),
    {
      name: 'reads back what it set, and counters and samples refuse a link that is gone',
      run: async (lab) => {
        const { readBack } = await apply(lab, linkOf({ rateMbps: 250 }));
        assert.match(readBack.sourceToDestination, /250Mbit/);
        assert.match(readBack.destinationToSource, /100Mbit/);
        await lab.clients.wan.call('startLinkSamples', { intervalMs: 20 });
        await lab.run('router', 'tc', 'qdisc', 'del', 'dev', lab.shapedInterface, 'root');
        const gone = { code: 'LINK_NOT_APPLIED' };
        await assert.rejects(lab.clients.wan.call('linkCounters', {}), gone);
        await assert.rejects(lab.clients.wan.call('stopLinkSamples', {}), gone);
        await assert.rejects(lab.clients.wan.call('startLinkSamples', { intervalMs: 20 }), gone);
      },
    },
    {
      name: 'leaves nothing behind when its router stops',
      run: async (lab) => {
        await apply(lab, linkOf({ lossPercent: 1 }));
        await lab.stopRouter();
        const qdiscs = await lab.run('router', 'tc', 'qdisc', 'show');
        assert.doesNotMatch(qdiscs, /tbf|netem|ingress/);
        assert.doesNotMatch(await lab.run('router', 'ip', 'link', 'show'), /livemig-return/);
        const rules =
          'for p in iptables-nft iptables-legacy; do command -v $p >/dev/null && $p -t mangle -S 2>/dev/null; done; true';
        assert.doesNotMatch(await lab.run('router', 'sh', '-c', rules), /NFQUEUE|LIVEMIG/);
      },
    },
  ];
};
