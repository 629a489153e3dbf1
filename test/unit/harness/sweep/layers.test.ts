import { expect, test } from '@jest/globals';
import { layered, sectionLayer, valueLayer } from '#harness/sweep/layers';

const base = sectionLayer({ guest: '256MiB,vcpus=2', workload: 'stress:64MiB@1000' }, ['base']);
const disk = sectionLayer({ guest: { disk: '1GiB,allocated=300MiB,live=off' } }, ['scenario']);

test('a value goes to its key, however deep, and the keys beside it stay', () => {
  const guest = { ram: '256MiB', vcpus: '2' };
  const ownDisk = { size: '1GiB', allocated: '300MiB', live: 'off' };
  expect(layered([base, valueLayer('workload.region', '32MiB', [])])).toEqual({
    guest,
    workload: { name: 'stress', region: '32MiB', dirtyRate: '1000' },
  });
  for (const [key, value] of [
    ['allocated', '64MiB'],
    ['size', '2GiB'],
    ['storage', 'block'],
  ] as const)
    // prettier-ignore
    expect(layered([base, disk, valueLayer(`guest.disk.${key}`, value, [])])).toMatchObject({
      guest: { ...guest, disk: { ...ownDisk, [key]: value } },
    });
  expect(layered([valueLayer('guest.disk.size', '2GiB', []), valueLayer('strategy', 'hybrid', [])])).toEqual({
    guest: { disk: { size: '2GiB' } },
    strategy: 'hybrid',
  });
});

test('a problem is blamed on the last layer that touches its top-level key', () => {
  const value = valueLayer('guest.disk.size', 'x', ['grid', 0]);
  expect(value.keys).toEqual(['guest']);
  expect(value.at('guest')).toEqual(['grid', 0]);
});
