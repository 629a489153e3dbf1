import { expect, test } from '@jest/globals';
import { faultRecorder, faultRecordOf } from '#hosts/guest/fault-record';
import { allocateGuest } from '#hosts/guest/shared';
import { faultsToldMax } from '#proto/events';

const guestOf = (vcpus: number) => allocateGuest(16, vcpus, 1, { pool: new ArrayBuffer(8) });

/** As many faults of each vCPU, in turns, each a millisecond after the one before. */
const faulted = (vcpus: number, each: number) => {
  const buffers = guestOf(vcpus);
  const recorders = Array.from({ length: vcpus }, (_, vcpu) => faultRecorder(buffers, vcpu));
  for (let fault = 0; fault < each; fault++)
    for (const [vcpu, record] of recorders.entries()) {
      const atMs = fault * vcpus + vcpu;
      record(fault % 16, atMs, atMs + 2 ** vcpu);
    }
  return faultRecordOf(buffers);
};

test('no faults', () => {
  expect(faultRecordOf(guestOf(2))).toMatchObject({
    counters: { count: 0, maxUs: 0, vcpuBlocktimeMs: [0, 0] },
    faults: [],
    leftOut: 0,
  });
});

test('faults of all vCPUs in the order in which they began, with their counters', () => {
  const { counters, faults, leftOut } = faulted(2, 3);
  expect(faults).toEqual([
    { requestedAtMs: 0, answeredAtMs: 1, page: 0, vcpu: 0 },
    { requestedAtMs: 1, answeredAtMs: 3, page: 0, vcpu: 1 },
    { requestedAtMs: 2, answeredAtMs: 3, page: 1, vcpu: 0 },
    { requestedAtMs: 3, answeredAtMs: 5, page: 1, vcpu: 1 },
    { requestedAtMs: 4, answeredAtMs: 5, page: 2, vcpu: 0 },
    { requestedAtMs: 5, answeredAtMs: 7, page: 2, vcpu: 1 },
  ]);
  expect(leftOut).toBe(0);
  expect(counters).toMatchObject({ count: 6, minUs: 1000, maxUs: 2000, vcpuBlocktimeMs: [3, 6] });
});

test.each([
  [1, faultsToldMax, 0],
  [1, faultsToldMax + 1, 1],
  [2, faultsToldMax / 2, 0],
  [3, 70_000, 210_000 - faultsToldMax],
])('%i vCPUs with %i faults each: %i are left out, and those that are told are the first', (vcpus, each, leftOut) => {
  const record = faulted(vcpus, each);
  expect(record.counters.count).toBe(vcpus * each);
  expect(record.leftOut).toBe(leftOut);
  expect(record.faults.map(({ requestedAtMs }) => requestedAtMs)).toEqual(
    Array.from({ length: vcpus * each - leftOut }, (_, fault) => fault),
  );
}); // prettier-ignore
