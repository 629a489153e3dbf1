import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isStrategyFile } from '#proto/strategy';
import type { LinkProfile } from '#proto/link';
import { profileReader } from '../profiles.ts';
import { tracesOf } from '../run/link-extremes.ts';
import type { Scenario } from '../scenario.ts';
import { unjudged } from '../scenario.ts';
import type { Expansion } from './cells.ts';
import type { SweepDefinition } from './definition.ts';

/** The identity of a sweep, by readable names; digests for large values. */
export type Identity = Readonly<Record<string, string>>;

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** The driver may change if the file leaves it open; the set's header pins one. */
const withoutDriver = (scenario: Scenario, profileOf: (link: string) => LinkProfile) => ({
  ...unjudged(scenario),
  driver: null,
  link: profileOf(scenario.link),
  ...(scenario.timeline === undefined
    ? {}
    : { traces: [...tracesOf(scenario.timeline).values()].map(({ sha256 }) => sha256) }),
  ...(isStrategyFile(scenario.strategy) ? { strategyText: readFileSync(scenario.strategy, 'utf8') } : {}),
});

/**
 * The identity of everything to run, including defaults and link profiles. Descriptions, block length and retries may
 * change between invocations.
 */
export const identityOf = (
  { name, experiment, guestScale, seed }: SweepDefinition,
  { cells, searches }: Expansion,
): Identity => {
  const own = {
    name,
    experiment: experiment ?? 'none',
    guestScale: String(guestScale),
    seed: String(seed),
  };
  const profileOf = profileReader();
  const members = [
    ...cells.map(({ part, labels, repeats, scenario, predict }) => ({
      part,
      value: [labels, repeats, withoutDriver(scenario, profileOf), ...(predict === null ? [] : [predict])],
    })),
    ...searches.map(({ part, labels, repeats, bisect, scenarioAt }) => ({
      part,
      value: [labels, repeats, bisect, withoutDriver(scenarioAt(bisect.low), profileOf)],
    })),
  ];
  const parts = Map.groupBy(members, ({ part }) => part);
  return {
    ...own,
    ...Object.fromEntries(
      [...parts].map(([part, group]) => [`part ${part}`, digest(group.map(({ value }) => value))]),
    ),
  };
};

/** The differences, in words. */
export const differences = (before: Identity, now: Identity): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) => {
    if (before[key] === now[key]) return [];
    if (before[key] === undefined) return [`${key} is new`];
    if (now[key] === undefined) return [`${key} is gone`];
    return key.startsWith('part ') ? [`${key} changed`] : [`${key} was ${before[key]}, now ${now[key]}`];
  });
