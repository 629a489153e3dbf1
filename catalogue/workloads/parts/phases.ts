import { number } from '#catalogue/parameter';
import type { Workload, WorkloadContext } from '#catalogue/workload';
import { hotPage } from './hot-part.ts';

/** A stretch of a program's life. */
export interface Phase {
  /** How long it lasts at its rate, in ms. */
  durationMs: number;
  /** Page writes over all vCPUs. */
  pagesPerSecond: number;
  /** Page after page through the region, or at random, most writes to a hot part (`hotShare` of the region). */
  writes: 'sequential' | { hotShare: number; hotWrites: number };
}

/** Of every workload of phases. */
export const intensity = {
  intensity: number({
    help: 'factor on the rates of the workload, e.g. for a slower link',
    unit: 'of 1',
    least: 0,
    isAboveLeast: true,
    most: 1000,
    default: 1,
  }),
};

/** Registers: the next page of a sequential phase, which phase it is, and the steps done in it. */
const [position, current, done] = [0, 1, 2];

/** Goes through the phases again and again. They are counted in steps, so that a paused or throttled guest skips none. */
export const inPhases = (
  phases: readonly [Phase, ...Phase[]],
  { slice, vcpus, registers }: WorkloadContext,
  factor = 1,
): Workload => {
  const phase = (): Phase => phases[registers[current] ?? 0] ?? phases[0];
  const rateOf = ({ pagesPerSecond }: Phase): number => (pagesPerSecond * factor) / vcpus;
  const stepsOf = (each: Phase): number => Math.max(1, Math.round((rateOf(each) * each.durationMs) / 1000));
  const nextPage = (random: () => number): number => {
    const { writes } = phase();
    if (writes !== 'sequential')
      return hotPage(
        slice.pages,
        { hotWriteFraction: writes.hotWrites, hotRegionFraction: writes.hotShare },
        random,
      );
    const page = registers[position] ?? 0;
    registers[position] = page + 1 >= slice.pages ? 0 : page + 1;
    return page;
  };
  return {
    get stepsPerSecond() {
      return rateOf(phase());
    },
    step: (memory, random) => {
      if (slice.pages > 0) memory.write(slice.first + nextPage(random));
      registers[done] = (registers[done] ?? 0) + 1;
      if (registers[done] < stepsOf(phase())) return;
      registers[done] = 0;
      registers[current] = ((registers[current] ?? 0) + 1) % phases.length;
    },
  };
};
