import { describe, expect, test } from '@jest/globals';
import { pageFaultsOf } from '#harness/conformance/page-faults';
import type { Logged } from '#harness/conformance/page-log';

type Step = readonly [kind: 'dirtied' | 'found' | 'sent' | 'discarded', page: number, version?: number];
type Order = 'complete' | 'postcopy';
type Row = [what: string, order: Order, before: readonly Step[], after: readonly Step[]];

/** Two pages and a block of a disk, of which nothing is sent yet. */
const faultsOf = (order: Order | null, before: readonly Step[], after: readonly Step[] = []) => {
  const events = (steps: readonly Step[]): Logged[] =>
    steps.map(([kind, page, version = null]) => ({ kind, atMs: 0, page, version }));
  const orders: Logged[] = order === null ? [] : [{ kind: 'ordered', atMs: 0, mode: order }];
  return pageFaultsOf({
    events: [...events(before), ...orders, ...events(after)],
    ...{ pageCount: 2, firstVersions: [1, 1], isFull: false },
  });
};

/** Page 1 as it should be. */
const sound: readonly Step[] = [
  ['found', 1],
  ['sent', 1, 1],
];
const firstRound: readonly Step[] = [...sound, ['found', 0], ['sent', 0, 1]];

describe('what is wrong with a page follows from what the strategy knew and did', () => {
  test.each<Row>([
    ['everything was sent once', 'complete', firstRound, []],
    ['what was dirtied was found, and sent', 'complete', [...firstRound, ['dirtied', 0, 2], ['found', 0], ['sent', 0, 2]], []],
    ['what was dirtied was discarded, and pushed', 'postcopy', [...firstRound, ['dirtied', 0, 2], ['found', 0], ['discarded', 0]], [['sent', 0, 2]]],
    ['nothing was sent before', 'postcopy', [['found', 0], ['found', 1]], [['sent', 0, 1], ['sent', 1, 1]]],
  ])('nothing: %s', (_, order, before, after) => {
    expect(faultsOf(order, before, after)).toEqual([]);
  }); // prettier-ignore

  test.each<Row>([
    ['missing-last-sync', 'complete', [...firstRound, ['dirtied', 0, 2]], []],
    ['missing-last-sync', 'postcopy', [...firstRound, ['found', 0], ['dirtied', 0, 2]], []],
    ['early-switchover', 'complete', [...firstRound, ['dirtied', 0, 2], ['found', 0]], [['sent', 0, 2]]],
    ['forgotten-discard', 'postcopy', [...firstRound, ['dirtied', 0, 2], ['found', 0]], [['sent', 0, 2]]],
    ['forgotten-discard', 'postcopy', [...sound, ['found', 0], ['dirtied', 0, 2], ['sent', 0, 2], ['found', 0]], [['sent', 0, 2]]],
    ['pages-left-out', 'postcopy', [...sound, ['found', 0]], []],
    ['pages-left-out', 'postcopy', [...firstRound, ['dirtied', 0, 2], ['found', 0], ['discarded', 0]], []],
    ['sent-twice', 'postcopy', firstRound, [['sent', 0, 1]]],
  ])('%s, resumed with %s', (fault, order, before, after) => {
    expect(faultsOf(order, before, after)).toEqual([{ fault, pages: [0] }]);
  }); // prettier-ignore

  test('a disk that is not there before the order', () => {
    const disk: Step = ['found', 2];
    expect(faultsOf('postcopy', [...firstRound, disk], [['sent', 2]])).toEqual([
      { fault: 'disk-left-out', pages: [2] },
    ]);
    expect(faultsOf('postcopy', [...firstRound, disk, ['sent', 2]])).toEqual([]);
  });

  test('nothing before there is an order, nor of what was discarded though it was up to date', () => {
    expect(faultsOf(null, [['found', 0]])).toEqual([]);
    expect(faultsOf('postcopy', [...firstRound, ['discarded', 0]])).toEqual([]);
  });

  test('pages that are lost come before those that only took time', () => {
    const before: Step[] = [
      ['found', 0],
      ['dirtied', 0, 2],
      ['sent', 0, 2],
      ['found', 0],
      ['found', 1],
      ['sent', 1, 1],
      ['dirtied', 1, 2],
      ['found', 1],
    ];
    const after: Step[] = [
      ['sent', 0, 2],
      ['sent', 1, 2],
    ];
    expect(faultsOf('postcopy', before, after)).toEqual([{ fault: 'forgotten-discard', pages: [1, 0] }]);
  });
});
