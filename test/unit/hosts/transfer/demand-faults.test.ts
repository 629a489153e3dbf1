import { beforeEach, describe, expect, test } from '@jest/globals';
import { PageSet } from '#hosts/guest/page-set';
import { DemandFaults } from '#hosts/transfer/demand-faults';
import type { FaultMode } from '#catalogue/transfer';

let answered: number[];
let queued: number;
let unsent: PageSet;

const faultsOf = (mode: FaultMode): DemandFaults => {
  const faults = new DemandFaults(
    mode,
    (page) => answered.push(page),
    () => queued++,
  );
  faults.serve(unsent);
  return faults;
};

beforeEach(() => {
  answered = [];
  queued = 0;
  unsent = PageSet.all(100);
});

describe.each(['preempt', 'in-stream'] as const)('faults answered %s', (mode) => {
  test('at once, only once, and the push continues from the newest', () => {
    const faults = faultsOf(mode);
    faults.requested(7);
    faults.requested(9);
    faults.requested(7);
    expect({ answered, queued, late: faults.lateRequestsDropped }).toEqual({
      answered: [7, 9],
      queued: 0,
      late: 1,
    });
    expect(unsent.count).toBe(98);
    expect([faults.take(), faults.take(), faults.blocksPush]).toEqual([7, null, false]);
  });
});

describe('faults that block the push', () => {
  test('are left to the push, oldest first', () => {
    const faults = faultsOf('blocking');
    faults.requested(7);
    faults.requested(3);
    expect({ answered, queued, count: unsent.count }).toEqual({ answered: [], queued: 2, count: 100 });
    expect([faults.take(), faults.take(), faults.take(), faults.blocksPush]).toEqual([7, 3, null, true]);
  });

  test('need no batch once another has brought the page', () => {
    const faults = faultsOf('blocking');
    faults.requested(7);
    faults.requested(8);
    expect(faults.take()).toBe(7);
    unsent.delete(7);
    unsent.delete(8);
    expect(faults.take()).toBeNull();
    expect(faults.lateRequestsDropped).toBe(0);
    faults.requested(8);
    expect([faults.take(), faults.lateRequestsDropped]).toEqual([null, 1]);
  });
});

test('before the switchover every request is late', () => {
  const faults = new DemandFaults(
    'preempt',
    (page) => answered.push(page),
    () => queued++,
  );
  faults.requested(7);
  expect({ answered, late: faults.lateRequestsDropped, unsent: faults.unsent }).toEqual({
    answered: [],
    late: 1,
    unsent: null,
  });
});
