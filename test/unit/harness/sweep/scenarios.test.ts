import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type { Block, Trial } from '../../../../harness/sweep/plan.ts';
import { neededBytes } from '../../../../harness/sweep/memory.ts';
import { prepareSweep } from '../../../../harness/sweep/prepare.ts';

const load = (file: string) =>
  prepareSweep(
    fileURLToPath(new URL(`../../../../scenarios/${file}`, import.meta.url)),
    { overrides: {}, only: null, repeats: null, seed: null, retries: null },
    [],
  );

/** Trials of the grids, and of every search its largest. */
const trialsOf = (blocks: readonly Block[]): Trial[] =>
  blocks.flatMap((block) =>
    block.kind === 'trials' ? block.trials : [block.search.trialAt(block.search.search.bisect.high)],
  );
const mebibyte = 2 ** 20;

const icclab = ['icclab-10g.yaml', 'quick/icclab-10g.yaml'];
const ulster = ['ulster-wan.yaml', 'quick/ulster-wan.yaml'];

describe.each([...icclab, ...ulster])('scenarios/%s', (file) => {
  test('is sound, has three repetitions of every cell, and fits a machine of 24 GiB', async () => {
    const { blocks, definition } = await load(file);
    const cells = Map.groupBy(
      blocks.flatMap((block) => (block.kind === 'trials' ? block.trials : [])),
      ({ part, labels }) => JSON.stringify([part, labels]),
    );
    for (const trials of cells.values()) expect(trials).toHaveLength(3);
    for (const { scenario } of trialsOf(blocks)) expect(neededBytes(scenario)).toBeLessThan(21 * 2 ** 30);
    expect(file).toContain(definition.experiment);
  });
});

describe.each(icclab)('%s', (file) => {
  test('stresses what its labels say, scaled, and the limit is searched unscaled', async () => {
    const { blocks, definition } = await load(file);
    for (const { part, labels, scenario } of trialsOf(blocks)) {
      const wanted =
        Number(labels['stressMB']) * mebibyte * (part === 'pre-copy-limit' ? 1 : definition.guestScale);
      const { workload, guest, limits, link } = scenario;
      if (part === 'hybrid-no-redirty')
        expect([workload.name, guest.baseFootprintBytes]).toEqual([
          'idle',
          wanted + 600 * mebibyte * definition.guestScale,
        ]);
      else expect(workload.regionBytes).toBe(wanted);
      expect(link).toBe(`lan-${String(labels['link']).toLowerCase()}`);
      const cap = part === 'hybrid-sender-cap' ? 4400 : 0;
      expect([limits.maxBandwidthMbps, limits.maxPostcopyBandwidthMbps]).toEqual([cap, cap]);
    }
  });

  test('writes the whole region again in a first round over 10 Gb/s', async () => {
    const { blocks } = await load(file);
    const hybrid = trialsOf(blocks).filter(
      ({ part, labels }) => part === 'hybrid' && labels['stressMB'] !== 0,
    );
    for (const { scenario } of hybrid) {
      const { guest, workload } = scenario;
      const roundS = ((guest.baseFootprintBytes + workload.regionBytes) * 8) / 10e9;
      const writtenBytes = workload.dirtyRatePagesPerSecond * 4096 * roundS;
      expect(writtenBytes).toBeGreaterThanOrEqual(0.95 * workload.regionBytes);
    }
  });
});

describe.each(ulster)('%s', (file) => {
  test('has the flavours scaled, three quarters of them stressed, over the links of its labels', async () => {
    const { blocks, definition } = await load(file);
    const ramMB = { t: 512, s: 2048, m: 4096, l: 8192, xl: 16_384 };
    const links = {
      dublin: ['coleraine-dublin-7g', 'coleraine-dublin'],
      halifax: ['coleraine-halifax-3g', 'coleraine-halifax'],
    };
    for (const { part, labels, scenario } of trialsOf(blocks)) {
      const { guest, workload, transfer, link } = scenario;
      const ramBytes = ramMB[labels['flavour'] as keyof typeof ramMB] * mebibyte * definition.guestScale;
      expect(guest.ramBytes).toBe(ramBytes);
      expect(workload.regionBytes).toBe(labels['load'] === 'loaded' ? 0.75 * ramBytes : 0);
      if (part === 'data-table') {
        expect(guest.baseFootprintBytes + workload.regionBytes).toBe(ramBytes);
        const mechanism =
          `${transfer.dirtyBitmap ? '' : 'no bitmap'} ${transfer.uniformPages ? 'uniform' : ''}`.trim();
        expect(
          {
            '': 'baseline',
            'no bitmap': 'no-dirty-bitmap',
            uniform: 'uniform-pages',
            'no bitmap uniform': 'both',
          }[mechanism],
        ).toBe(labels['mechanism']);
      } else
        expect(link).toBe(links[labels['link'] as keyof typeof links][labels['rate'] === 'measured' ? 0 : 1]);
      expect(transfer.faults).toBe(part === 'blocking-faults' ? 'blocking' : 'preempt');
    }
  });
});
