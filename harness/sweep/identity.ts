import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isStrategyFile } from '../../proto/strategy.ts';
import type { LinkProfile } from '../../proto/link.ts';
import { profileReader } from '../profiles.ts';
import type { Scenario } from '../scenario.ts';
import type { Expansion } from './cells.ts';
import type { SweepDefinition } from './definition.ts';

/** What makes two sweeps the same, by what a person would call it; a digest where it is large. */
export type Identity = Readonly<Record<string, string>>;

const digest = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

/** The driver may be chosen anew where the file leaves it open; the set's own header keeps to one. */
const withoutDriver = (scenario: Scenario, profileOf: (link: string) => LinkProfile) => ({
  ...scenario,
  driver: null,
  link: profileOf(scenario.link),
  ...(isStrategyFile(scenario.strategy) ? { strategyText: readFileSync(scenario.strategy, 'utf8') } : {}),
});

/**
 * The identity of everything that is to be run, defaults and link profiles included. Descriptions, block length and
 * retries may change between two invocations.
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
    ...cells.map(({ part, labels, repeats, scenario }) => ({
      part,
      value: [labels, repeats, withoutDriver(scenario, profileOf)],
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

/** What differs, in a person's words. */
export const differences = (before: Identity, now: Identity): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) => {
    if (before[key] === now[key]) return [];
    if (before[key] === undefined) return [`${key} is new`];
    if (now[key] === undefined) return [`${key} is gone`];
    return key.startsWith('part ') ? [`${key} changed`] : [`${key} was ${before[key]}, now ${now[key]}`];
  });
