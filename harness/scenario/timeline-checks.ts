import { settingsOf } from '#catalogue/capabilities';
import { switchoverRefusal } from '#catalogue/switchover';
import { unmodelled } from '#hosts/simulation/modelled';
import type { StrategyTraits } from '#hosts/ports';
import type { LinkProfile } from '#proto/link';
import { changedLink, changeProblems } from '../link-change.ts';
import { loadProfile } from '../profiles.ts';
import { isSimulated } from '../testbed/testbed.ts';
import type { Occasion } from '../timeline/moment.ts';
import { occasionText, readMoment } from '../timeline/moment.ts';
import type { TimelineEntry } from '../timeline/types.ts';
import { switchoverOf } from '../timeline/types.ts';
import type { CrossCheck } from './cross-check.ts';
import type { Scenario } from './types.ts';

/** Rules over a timeline: what its driver, strategy and link can't do is refused before anything runs. */

/** By entry, with its place. */
const eachEntry = (
  { timeline = [] }: Pick<Scenario, 'timeline'>,
  problemOf: (entry: TimelineEntry) => string | undefined,
): string[] =>
  timeline.flatMap((entry, index) => {
    const problem = problemOf(entry);
    return problem === undefined ? [] : [`timeline.${index}.${problem}`];
  });

/** Drivers whose hosts have no process that they could end. */
const unkillable: Readonly<Record<string, string>> = {
  sim: 'driver sim has hosts that are models, and no process to end',
  attach: "driver attach knows only its hosts' agents, and not their processes",
};

const killCheck: CrossCheck = {
  reads: ['driver', 'timeline'],
  problem: (scenario) => {
    const why = unkillable[scenario.driver];
    return why === undefined
      ? undefined
      : eachEntry(scenario, (entry) => (entry.do === 'kill' ? `do: kill: ${why}: take driver netns or docker` : undefined)); // prettier-ignore
  },
};

const orderCheck: CrossCheck = {
  reads: ['strategy', 'capabilities', 'timeline'],
  problem: (scenario, _document, traits) => {
    const { strategy, capabilities } = scenario;
    const settings = settingsOf(capabilities);
    return eachEntry(scenario, (entry) => {
      if (entry.do === 'continue')
        return settings.continueMaxMs > 0
          ? undefined
          : 'do: continue: nothing waits for it: set capability pause-before-switchover';
      if (entry.do !== 'start-postcopy' && entry.do !== 'force-switchover') return undefined;
      const order = switchoverOf[entry.do];
      if (order === undefined) return undefined;
      const why = switchoverRefusal(order, strategy, traits, settings);
      return why === undefined ? undefined : `do: ${entry.do}: ${why}`;
    });
  },
};

/** Why what an entry waits for never comes; undefined = it may. Traits that aren't stated rule nothing out. */
const neverComes = (
  occasion: Occasion,
  { strategy, capabilities }: Scenario,
  { live, precopy, postcopy }: StrategyTraits,
): string | undefined => {
  const { mayStartPostcopy, continueMaxMs } = settingsOf(capabilities);
  if (occasion.kind === 'round')
    return occasion.round > 1 && (live === false || precopy === false)
      ? `${strategy} has no rounds before the switchover`
      : undefined;
  if (occasion.kind !== 'status') return undefined;
  const { status } = occasion;
  if (status === 'pre-switchover')
    return continueMaxMs > 0 ? undefined : 'set capability pause-before-switchover';
  return status.startsWith('postcopy') && postcopy === false && !mayStartPostcopy
    ? `${strategy} has no post-copy: set capability postcopy-ram, or take hybrid`
    : undefined;
};

const momentCheck: CrossCheck = {
  reads: ['strategy', 'capabilities', 'timeline'],
  problem: (scenario, _document, traits) =>
    eachEntry(scenario, ({ at }) => {
      const moment = readMoment(at);
      if ('problem' in moment) return `at: ${moment.problem}`;
      const { occasion } = moment.value;
      const why = neverComes(occasion, scenario, traits);
      return why === undefined ? undefined : `at: ${occasionText(occasion)} never comes: ${why}`;
    }),
};

/** The profile, if it is a sound one: what is wrong with a file is told by whoever reads it. */
const profileOf = (link: string): LinkProfile | null => {
  try {
    return loadProfile(link);
  } catch {
    return null;
  }
};

/** What a link can't become, by rule or by driver; empty where it can. */
export const refusalsOfLink = (link: LinkProfile, driver: Scenario['driver']): string[] => [
  ...changeProblems(link),
  ...(isSimulated(driver) ? unmodelled(link).map((what) => `driver ${driver} models no ${what}`) : []),
];

/** Each change over those before it in the list. */
const linkCheck: CrossCheck = {
  reads: ['link', 'driver', 'timeline'],
  problem: (scenario) => {
    const { timeline = [], link, driver } = scenario;
    if (!timeline.some((entry) => entry.do === 'link' && 'change' in entry)) return undefined;
    let current = profileOf(link);
    if (current === null) return undefined;
    const problems: string[] = [];
    for (const [index, entry] of timeline.entries()) {
      if (entry.do !== 'link' || !('change' in entry)) continue;
      current = changedLink(current, entry.change);
      problems.push(...refusalsOfLink(current, driver).map((problem) => `timeline.${index}: ${problem}`));
    }
    return problems;
  },
};

export const timelineChecks: readonly CrossCheck[] = [killCheck, orderCheck, momentCheck, linkCheck];
