/** What the router's samples of a link must be, whatever backend makes it. */
import assert from 'node:assert/strict';
import { decodeLinkSamples } from '#proto/link-samples';
import type { KernelBackendName } from '#proto/link';
import { assertBetween } from './link-backend-case.ts';
import type { LinkBackendCase } from './link-backend-case.ts';
import { applyLink, linkOf, volume } from './link-traffic.ts';

/** A neighbour may be asked for its address between two readings. */
const strayBytes = 500;

export const linkSampleCases = (backend: KernelBackendName): LinkBackendCase[] =>
  [
    { what: 'what its counters count', lossPercent: 0 },
    { what: 'the bottleneck also where loss comes before it', lossPercent: 1 },
  ].map(({ what, lossPercent }) => ({
    name: `samples ${what}`,
    run: async (lab) => {
      await applyLink(lab, backend, linkOf({ lossPercent }));
      const { wan } = lab.clients;
      const before = await wan.call('linkCounters', {});
      await wan.call('startLinkSamples', { intervalMs: 20 });
      await volume(lab, 4 << 20);
      const { blob, result } = await wan.callWithBlob('stopLinkSamples', {});
      const after = await wan.call('linkCounters', {});
      const { atMs, ...columns } = decodeLinkSamples(blob);
      assert.equal(atMs.length, result.count);
      for (const direction of ['sourceToDestination', 'destinationToSource'] as const) {
        const bytes = columns[`${direction}Bytes`];
        const [from, until] = [before[direction].bytes, after[direction].bytes];
        assert.ok(until > from);
        // Samples lie between the readings; they rise, and not all at once.
        assert.ok(
          Math.abs(bytes[0]! - from) <= strayBytes,
          `${direction}: ${String(bytes[0])} first, after ${String(from)}`,
        );
        assert.ok(
          Math.abs(bytes.at(-1)! - until) <= strayBytes,
          `${direction}: ${String(bytes.at(-1))} last, before ${String(until)}`,
        );
        assert.deepEqual(bytes, bytes.toSorted());
        assert.ok(new Set(bytes).size > 5);
      }
      // Every 20 ms, later where the machine is busy.
      assertBetween('time between samples in ms', (atMs.at(-1)! - atMs[0]!) / (atMs.length - 1), 19, 200);
      await assert.rejects(wan.call('stopLinkSamples', {}), { code: 'ILLEGAL_PHASE' });
    },
  }));
