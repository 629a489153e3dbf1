import type { RunResult } from './result.ts';

/**
 * Everything that was set for a run, by its dotted name: `guest.ramBytes`. Runs with the same setting repeat each other;
 * runs with different ones are never put together. What only tells repetitions apart isn't in it (seed, number of
 * repetitions), nor what a person called it, nor what measured it: driver and backend are compared by what they were.
 */
export type Setting = ReadonlyMap<string, string | number | boolean>;

type Entry = [name: string, value: string | number | boolean];

const entriesOf = (prefix: string, value: unknown): Entry[] => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return [[prefix, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    entriesOf(prefix === '' ? key : `${prefix}.${key}`, inner),
  );
};

/** A setting that is no setting of the experiment. */
const notSet = ['name', 'seed', 'repeat', 'driver', 'backend'];

/** A strategy of the user's own, which its digest names. */
const ofAFile = 'a file';

/** The setting of a run. */
export const settingOf = ({ scenario, strategy, link, sweep, environment, timeline }: RunResult): Setting => {
  const whole = {
    ...scenario,
    // Where a file of the user's lies is no setting; what is in it is.
    strategy: environment.strategySha256 === undefined ? strategy : ofAFile,
    strategySha256: environment.strategySha256,
    // So it is with the traces of its timeline.
    timeline: scenario.timeline?.map((entry, nth) => {
      const sha256 = timeline?.[nth]?.trace?.sha256;
      return sha256 === undefined ? entry : { at: entry.at, do: entry.do, traceSha256: sha256 };
    }),
    link: link.definition?.name ?? link.profile,
    linkDefinition: {
      sourceToDestination: link.definition?.sourceToDestination,
      destinationToSource: link.definition?.destinationToSource,
    },
    sweep:
      sweep === null
        ? undefined
        : { name: sweep.name, part: sweep.part, guestScale: sweep.guestScale, cell: sweep.cell },
  };
  const entries = entriesOf('', whole).filter(([name]) => !notSet.includes(name));
  return new Map(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
};

/** The same text for the same setting. */
export const settingKey = (run: RunResult): string => JSON.stringify([...settingOf(run)]);

/** A setting that two runs or more have at different values; undefined = it is off there. */
export interface Difference {
  name: string;
  values: (string | number | boolean | undefined)[];
}

/** What differs between settings, by name, with the value in each of them. */
export const differencesOf = (settings: readonly Setting[]): Difference[] =>
  [...new Set(settings.flatMap((setting) => [...setting.keys()]))].sort().flatMap((name) => {
    const values = settings.map((setting) => setting.get(name));
    return new Set(values).size > 1 ? [{ name, values }] : [];
  });
