import { describe, expect, test } from '@jest/globals';
import { settingsOf } from '#catalogue/capabilities';
import { mebibyte } from '#proto/units';
import { preparedSweep, trialsOf } from '#test/support/prepared-sweep';

describe.each(['ulster-wan/full.yaml', 'ulster-wan/quick.yaml'])('%s', (file) => {
  test('has the flavours scaled, three quarters of them stressed, over the links of its labels', async () => {
    const { blocks, definition } = await preparedSweep(file);
    const ramMB = { t: 512, s: 2048, m: 4096, l: 8192, xl: 16_384 };
    const links = {
      dublin: ['coleraine-dublin-7g', 'coleraine-dublin'],
      halifax: ['coleraine-halifax-3g', 'coleraine-halifax'],
    };
    for (const { part, labels, scenario } of trialsOf(blocks)) {
      const { guest, workload, transfer, capabilities, link, strategy } = scenario;
      const ramBytes = ramMB[labels['flavour'] as keyof typeof ramMB] * mebibyte * definition.guestScale;
      expect(guest.ramBytes).toBe(ramBytes);
      expect(workload.regionBytes).toBe(labels['load'] === 'loaded' ? 0.75 * ramBytes : 0);
      if (part === 'data-table' || part === 'every-page')
        expect(guest.baseFootprintBytes + workload.regionBytes).toBe(ramBytes);
      if (part === 'data-table') {
        const mechanism =
          `${transfer.dirtyBitmap ? '' : 'no bitmap'} ${capabilities['uniform-pages'] === undefined ? '' : 'uniform'}`.trim();
        expect(
          {
            '': strategy === 'post-copy' ? 'baseline' : 'hybrid',
            'no bitmap': 'no-dirty-bitmap',
            uniform: 'uniform-pages',
            'no bitmap uniform': 'both',
          }[mechanism],
        ).toBe(labels['mechanism']);
      } else
        expect(link).toBe(links[labels['link'] as keyof typeof links][labels['rate'] === 'measured' ? 0 : 1]);
      expect(settingsOf(capabilities).faults).toBe(part === 'blocking-faults' ? 'blocking' : 'preempt');
    }
  });
});
