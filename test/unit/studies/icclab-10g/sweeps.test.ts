import { describe, expect, test } from '@jest/globals';
import { mebibyte } from '#proto/units';
import { preparedSweep, trialsOf } from '#test/support/prepared-sweep';

describe.each(['icclab-10g/full.yaml', 'icclab-10g/quick.yaml'])('%s', (file) => {
  test('stresses what its labels say, scaled, and the limit is searched unscaled', async () => {
    const { blocks, definition } = await preparedSweep(file);
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

  test('rewrites the whole region during a first round over 10 Gb/s', async () => {
    const { blocks } = await preparedSweep(file);
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
