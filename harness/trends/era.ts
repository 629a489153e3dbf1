import type { CompletedRun } from '../result.ts';
import { totalTimeMs } from './run-figures.ts';
import type { SetUp } from './set-ups.ts';

/**
 * What the documents' software added to a migration and no link explains: the orchestration around it, above all. A
 * check is judged by physics first, as measured; an era then says whether the document's claim holds with what its
 * software added. It alters no run.
 */

/** A number of an era, computed from figures that a document published. */
export interface EraConstant {
  name: string;
  unit: string;
  /** As stated; its formula must give it to this many digits. */
  value: number;
  document: string;
  table: string;
  formula: string;
  /** The formula, applied to the published figures. */
  compute: () => number;
  /** The figures that it uses, as `study#/JSON/pointer` into published.json. */
  rows: readonly string[];
}

/** Follows a pointer, `study#/LMvsStress/stressMB/0`. @returns undefined if it leads nowhere */
export const figureAt = (pointer: string, figures: Era['figures']): unknown => {
  const [study = '', path = ''] = pointer.split('#');
  return path
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], figures[study]);
};

/** How a check may be judged in an era. */
export interface EraCheck {
  /** The published figures that the check's claim is about; pointers as those of a constant. */
  rows: readonly string[];
  /**
   * `independent`: no constant comes from these rows. `consistency`: one does, so the check only shows that the
   * document's figures agree with each other.
   */
  basis: 'independent' | 'consistency';
}

export interface Era {
  /** `openstack-juno-2015` */
  name: string;
  /** One line. */
  what: string;
  constants: readonly EraConstant[];
  /** What the pointers of its rows go into, by study: each one's published.json. */
  figures: Readonly<Record<string, unknown>>;
  /**
   * The fixed time in ms that the era's software adds to a migration like this one, of a guest of full size. It replaces
   * the set-up time of ours.
   */
  fixedMs: (run: CompletedRun) => number;
  /** Parts of the sweep that repeat another one with the era's switches, and are judged in its place: `{ part: itsRepeat }`. */
  parts?: Readonly<Record<string, string>>;
  /** The checks that may be judged in it, by id. */
  checks: Readonly<Record<string, EraCheck>>;
}

/**
 * The time of a run as the era's software would have told it: total time without our set-up, plus the era's fixed time
 * at the scale of the guest (a guest of 1/16 takes 1/16 of the time, so a fixed time must shrink likewise to keep its
 * weight).
 * @returns ms
 */
export const orchestratedTimeMs =
  ({ fixedMs }: Pick<Era, 'fixedMs'>) =>
  (run: CompletedRun): number =>
    totalTimeMs(run) - run.measurement.setupTimeMs + fixedMs(run) * (run.sweep?.guestScale ?? 1);

/** The set-up with the era's own parts in place of those that they repeat. */
export const inEra = (setUp: SetUp, { parts = {} }: Pick<Era, 'parts'>): SetUp => {
  const replaced = new Map(Object.entries(parts).map(([part, own]) => [own, part]));
  return {
    ...setUp,
    cells: setUp.cells
      .filter(({ part }) => parts[part] === undefined)
      .flatMap((cell) => {
        const part = replaced.get(cell.part);
        return part === undefined ? [cell] : [cell, { ...cell, part }];
      }),
  };
};

/** The era without what it adds, for its negative control: a check that holds all the same doesn't hold by its fixed time. */
export const withoutFixedTime = (era: Era): Era => ({ ...era, fixedMs: () => 0 });
