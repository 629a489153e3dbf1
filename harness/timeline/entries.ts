import { z } from 'zod';
import { adjustableLimits, limits } from '#catalogue/limits';
import { cutMaxMs } from '#proto/link';
import { expecting, group } from '../expecting.ts';
import type { LinkChange } from '../link-change.ts';
import { changeOf, changeShape, linkWays, wayShape } from '../link-change.ts';
import { unknownName } from '../nearest.ts';
import { parameter } from '../scenario/fields.ts';
import { isSection, splitPairs } from '../scenario/shorthand.ts';
import type { Section } from '../scenario/shorthand.ts';
import { shown } from '../shown.ts';
import { momentText, readMoment } from './moment.ts';
import type { ActionName, TimelineAction, TimelineEntry } from './types.ts';
import { actionNames, killableHosts, killSignals } from './types.ts';

/** A timeline as people write it: one definition for scenario, command line, editors and docs/reference.md. */

export const entriesMax = 100;

const forMs = (most: number, help: string) => {
  const told = expecting(`whole ms from 1 to ${most}`);
  return z.number(told).int(told).min(1, told).max(most, told).describe(help);
};
/** An agent that is stopped for longer than this is given up after 10 s, and stays so. */
const stopMaxMs = 10 * 60_000;

const limitShape = Object.fromEntries(
  adjustableLimits.map((name) => {
    const declared = limits[name]!;
    return [name, parameter(declared)];
  }),
);

interface ActionDefinition {
  help: string;
  /** Its keys besides `at` and `do`. */
  schema: z.ZodObject;
  /** The action of keys that are each sound; a problem by key, '' = of the entry. */
  read: (given: Record<string, unknown>) => TimelineAction | { key: string; problem: string };
}

const nothing = (name: Exclude<ActionName, 'link' | 'cut' | 'kill' | 'set'>, help: string): ActionDefinition => ({
  help,
  schema: group({}),
  read: () => ({ do: name }),
}); // prettier-ignore

const readLink = ({ trace, ...given }: Record<string, unknown>): ReturnType<ActionDefinition['read']> => {
  const ways = Object.fromEntries(linkWays.map((way) => [way, given[way]])) as LinkChange;
  const both = Object.fromEntries(Object.entries(given).filter(([key]) => !Object.hasOwn(ways, key)));
  const change = changeOf(both, ways);
  const isChange = Object.keys(change).length > 0;
  if (typeof trace === 'string')
    return isChange
      ? { key: 'trace', problem: 'expected either a trace or what changes, got both' }
      : { do: 'link', trace };
  return isChange
    ? { do: 'link', change }
    : { key: '', problem: `expected what changes: ${Object.keys(changeShape).join(', ')}, or trace` };
};

export const actions: Readonly<Record<ActionName, ActionDefinition>> = {
  link: {
    help: "the link changes: keys of a link profile's direction, for both or in sourceToDestination and destinationToSource for one; or trace, a file of changes",
    schema: group({
      ...changeShape,
      ...wayShape,
      trace: z
        .string(expecting("a file's path"))
        .min(1, expecting("a file's path"))
        .optional()
        .describe('A CSV file of changes, which begin at this moment'),
    }),
    read: readLink,
  },
  cut: {
    help: 'nothing passes between source and destination for forMs',
    schema: group({ forMs: forMs(cutMaxMs, 'How long nothing passes, in ms') }),
    read: ({ forMs: ms }) => ({ do: 'cut', forMs: Number(ms) }),
  },
  kill: {
    help: 'the agent of a host dies (signal KILL), or stands still for forMs (STOP); host: source, destination, router or observer',
    schema: group({
      host: z.enum(killableHosts, expecting(killableHosts.join(', '))).describe('Whose agent'),
      signal: z
        .enum(killSignals, expecting(killSignals.join(', ')))
        .optional()
        .describe('KILL (the default) ends it, STOP holds it up'),
      forMs: forMs(stopMaxMs, 'Of STOP: after this time it goes on, in ms').optional(),
    }),
    read: ({ host, signal = 'KILL', forMs: ms }) => {
      const of = host as (typeof killableHosts)[number];
      if (signal === 'KILL')
        return ms === undefined
          ? { do: 'kill', host: of, signal: 'KILL' }
          : { key: 'forMs', problem: 'belongs to signal STOP: what KILL ends never goes on' };
      return ms === undefined
        ? { key: 'forMs', problem: `expected whole ms from 1 to ${stopMaxMs}, got nothing` }
        : { do: 'kill', host: of, signal: 'STOP', forMs: Number(ms) };
    },
  },
  set: {
    help: `limits change, as by \`livemig set\`: ${adjustableLimits.join(', ')}`,
    schema: z.strictObject(limitShape),
    read: (given) => {
      const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      return Object.keys(set).length === 0
        ? { key: '', problem: `expected what to change: ${adjustableLimits.join(', ')}` }
        : { do: 'set', limits: set };
    },
  },
  'start-postcopy': nothing('start-postcopy', 'the guest resumes at the destination, and the rest follows'),
  'force-switchover': nothing('force-switchover', 'the guest stops, and the migration completes'),
  cancel: nothing('cancel', 'the migration ends, and the guest runs on at the source'),
  continue: nothing('continue', 'the wait of pause-before-switchover ends'),
};

const isAction = (name: unknown): name is ActionName => actionNames.some((each) => each === name);

/** Where in a timeline a problem is, and what. */
export interface TimelineProblem {
  path: (string | number)[];
  message: string;
}

const numberIf = (text: unknown): unknown =>
  typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;

/** `sourceToDestination.rateMbps=100` is a key of a section. */
const nested = (pairs: Section): Section => {
  const made: Section = {};
  for (const [name, value] of Object.entries(pairs)) {
    const [key = '', inner] = name.split('.');
    if (inner === undefined) made[key] = numberIf(value);
    else made[key] = { ...(isSection(made[key]) ? made[key] : {}), [inner]: numberIf(value) };
  }
  return made;
};

/** `800ms link rateMbps=100 delayMs=20` */
const splitEntry = (text: string): Section => {
  const [at = '', action = '', ...pairs] = text.trim().split(/\s+/);
  return { at: numberIf(at), do: action, ...nested(splitPairs(pairs)) };
};

const readEntry = (
  section: unknown,
  index: number,
): { entry: TimelineEntry } | { problems: TimelineProblem[] } => {
  const given = typeof section === 'string' ? splitEntry(section) : section;
  if (!isSection(given))
    return { problems: [{ path: [index], message: `expected an entry like { at: 800ms, do: cut, forMs: 300 }, got ${shown(given)}` }] }; // prettier-ignore
  const { at, do: name, ...keys } = given;
  const problems: TimelineProblem[] = [];
  const tell = (path: readonly (string | number)[], message: string): void => {
    problems.push({ path: [index, ...path], message });
  };
  const moment = readMoment(at);
  if ('problem' in moment) tell(['at'], moment.problem);
  if (!isAction(name)) {
    tell(['do'], typeof name === 'string' ? unknownName('action', name, actionNames) : `expected one of ${actionNames.join(', ')}, got ${shown(name)}`); // prettier-ignore
    return { problems };
  }
  const { schema, read } = actions[name];
  const outcome = schema.safeParse(keys);
  for (const issue of outcome.error?.issues ?? []) {
    const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
    if (issue.code !== 'unrecognized_keys') tell(path, issue.message);
    else {
      const known = Object.keys(path.length === 0 ? schema.shape : changeShape);
      for (const key of issue.keys)
        tell([...path, key], known.length === 0 ? `expected nothing else, as ${name} takes no keys` : unknownName('key', key, known)); // prettier-ignore
    }
  }
  if (!outcome.success || 'problem' in moment) return { problems };
  const action = read(outcome.data);
  if (!('problem' in action)) return { entry: { at: momentText(moment.value), ...action } };
  tell(action.key === '' ? [] : [action.key], action.problem);
  return { problems };
};

/** `none`, a list of entries, or their text: `800ms link rateMbps=100; postcopy+200ms cut forMs=300`. */
export const readTimeline = (
  value: unknown,
): { entries: TimelineEntry[] } | { problems: TimelineProblem[] } => {
  if (value === 'none') return { entries: [] };
  const listed: unknown[] | null =
    typeof value === 'string' ? value.split(';') : Array.isArray(value) ? value : null;
  if (listed === null)
    return { problems: [{ path: [], message: `expected entries like [{ at: 800ms, do: cut, forMs: 300 }], got ${shown(value)}` }] }; // prettier-ignore
  if (listed.length > entriesMax)
    return { problems: [{ path: [], message: `expected at most ${entriesMax} entries, got ${listed.length}` }] }; // prettier-ignore
  const read = listed.map(readEntry);
  const problems = read.flatMap((each) => ('problems' in each ? each.problems : []));
  if (problems.length > 0) return { problems };
  return { entries: read.flatMap((each) => ('entry' in each ? [each.entry] : [])) };
};
