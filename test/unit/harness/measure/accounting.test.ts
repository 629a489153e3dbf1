import { expect, test } from '@jest/globals';
import { accountings, transferredAs } from '#harness/measure/accounting';
import { completedPaperResult } from '#test/support/paper-result';

test('the same migration, counted in each way', () => {
  const paper = completedPaperResult().measurement!;
  const measurement = {
    ram: { ...paper.ram, transferred: 1000 },
    wire: { ...paper.wire, sourceToDestinationBytes: 1100, destinationToSourceBytes: 30 },
  };
  expect(accountings.map((accounting) => transferredAs(measurement, accounting))).toEqual([
    1000, 1100, 1130, 2200,
  ]);
});
