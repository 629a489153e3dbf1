import type { ValuesOf } from '#catalogue/parameter';
import { number } from '#catalogue/parameter';

/** Most accesses go to a small part of the region: by default the 90:10 rule of storage and paging workloads. */
export const hotPart = {
  hotWriteFraction: number({
    help: 'share of the accesses that go to the hot part of the region',
    unit: 'of 1',
    least: 0,
    isAboveLeast: true,
    most: 1,
    default: 0.9,
  }),
  hotRegionFraction: number({
    help: 'share of the region that is hot',
    unit: 'of 1',
    least: 0,
    isAboveLeast: true,
    most: 1,
    default: 0.1,
  }),
};

/** A random page, mostly one of the hot ones, which come first. */
export const hotPage = (
  pages: number,
  { hotWriteFraction, hotRegionFraction }: ValuesOf<typeof hotPart>,
  random: () => number,
): number => {
  const hotPages = Math.max(1, Math.floor(pages * hotRegionFraction));
  const isHot = random() < hotWriteFraction * 2 ** 32;
  return random() % (isHot ? hotPages : pages);
};
