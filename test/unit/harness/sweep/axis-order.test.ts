import { expect, test } from '@jest/globals';
import { axisOrderOf } from '#harness/sweep/axis-order';

test('labels and parts are in the order of their definitions, those of several sweeps one after another', () => {
  const first = {
    parts: {
      wide: {
        grid: { link: ['lan-10g', 'lan-1g'], 'site, rate': { 'halifax, 10G': {}, 'dublin, 1G': null } },
      },
      deep: { bisect: {} },
    },
  };
  const second = { parts: { wide: { grid: { link: ['lan-1g', 'dublin'], stressMB: [512, 0] } } } };
  expect([...axisOrderOf([first, second])]).toEqual([
    ['part', ['wide', 'deep']],
    ['link', ['lan-10g', 'lan-1g', 'dublin']],
    ['site', ['halifax', 'dublin']],
    ['rate', ['10G', '1G']],
    ['stressMB', ['512', '0']],
  ]);
});

test.each([[undefined], [null], ['text'], [{ parts: [] }], [{ parts: { one: { grid: { x: 7 } } } }]])(
  'what is no definition has no order: %j',
  (document) => {
    expect([...axisOrderOf([document])]).toEqual([]);
  },
);
