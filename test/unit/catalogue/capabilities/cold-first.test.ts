import { expect, test } from '@jest/globals';
import coldFirst from '#catalogue/capabilities/cold-first';
import { GuestMemory } from '#hosts/guest/memory';
import { PageSet } from '#hosts/guest/page-set';
import { allocateGuest } from '#hosts/guest/shared';
import { sourceContext, syncOf } from '#test/support/source-context';

const pageCount = 40;
const source = () =>
  coldFirst.atSource!(sourceContext(new GuestMemory(allocateGuest(pageCount, 1, 1), 1)), true);
const of = (...pages: number[]): PageSet => PageSet.of(pageCount, pages);

const drain = ({ precopyOrder }: ReturnType<typeof source>, pages: PageSet): number[] => {
  const sent: number[] = [];
  while (pages.count > 0) {
    const page = precopyOrder!.next(pages, 0);
    pages.delete(page);
    sent.push(page);
  }
  return sent;
};

test('often dirtied pages go last, in ascending order among equals', () => {
  const made = source();
  made.synced!(syncOf(PageSet.all(pageCount)));
  made.synced!(syncOf(of(5, 6, 20)));
  made.synced!(syncOf(of(6, 20)));
  made.synced!(syncOf(of(6, 1, 30)));
  expect(drain(made, of(6, 20, 5, 30, 1, 2))).toEqual([2, 1, 5, 30, 20, 6]);
});

test('is sorted again at each sync, and skips pages that are no longer pending', () => {
  const made = source();
  made.synced!(syncOf(of(1)));
  const pages = of(1, 2, 3, 4);
  expect(made.precopyOrder!.next(pages, 0)).toBe(2);
  for (const page of [2, 3]) pages.delete(page);
  expect(made.precopyOrder!.next(pages, 0)).toBe(4);
  pages.delete(4);
  made.synced!(syncOf(of(9)));
  expect(drain(made, of(1, 9, 0))).toEqual([0, 1, 9]);
});

test('pages added without a sync are sent all the same', () => {
  const made = source();
  const pages = of(1);
  drain(made, pages);
  pages.add(7);
  expect(drain(made, pages)).toEqual([7]);
});
