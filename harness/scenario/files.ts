import type { Limits } from '#catalogue/limits';
import type { StrategyTraits } from '#hosts/ports';
import { messageOf, toErrorDocument } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import { isStrategyFile } from '#proto/strategy';
import { loadProfile } from '../profiles.ts';
import { changedLink } from '../link-change.ts';
import { loadStrategy } from '../strategy-file.ts';
import type { LinkTrace } from '../timeline/trace-file.ts';
import { loadTrace } from '../timeline/trace-file.ts';
import { isLinkFile } from './fields.ts';
import type { StatedTraits } from './parse.ts';
import { refusalsOfLink } from './timeline-checks.ts';
import type { Scenario } from './types.ts';

/** The user's files that scenarios name: link profiles, traces of links and strategies. */
export interface ScenarioFiles {
  problems: readonly string[];
  /** Null if no strategy has been read. */
  stated: StatedTraits | null;
}

const problemsOf = (error: unknown): readonly string[] =>
  toErrorDocument(error).problems ?? [messageOf(error)];

const linkProblems = (file: string): readonly string[] => {
  try {
    loadProfile(file);
    return [];
  } catch (error) {
    return problemsOf(error);
  }
};

/** What is wrong with the first step of a trace that can't be: those after it go on from there. */
const traceProblems = (trace: LinkTrace, { link, driver }: Scenario): readonly string[] => {
  let current: LinkProfile;
  try {
    current = loadProfile(link);
  } catch {
    return [];
  }
  for (const { atMs, change } of trace.steps) {
    current = changedLink(current, change);
    const problems = refusalsOfLink(current, driver);
    if (problems.length > 0) return problems.map((problem) => `${trace.file}: at ${atMs} ms: ${problem}`);
  }
  return [];
};

const tracesProblems = (scenario: Scenario): readonly string[] =>
  (scenario.timeline ?? []).flatMap((entry) => {
    if (entry.do !== 'link' || !('trace' in entry)) return [];
    try {
      return traceProblems(loadTrace(entry.trace), scenario);
    } catch (error) {
      return problemsOf(error);
    }
  });

const distinct = (limits: readonly Limits[]): Limits[] => [
  ...new Map(limits.map((each) => [JSON.stringify(each), each])).values(),
];

export const filesOf = async (scenarios: readonly Scenario[]): Promise<ScenarioFiles> => {
  const links = new Set(scenarios.map(({ link }) => link).filter(isLinkFile));
  const problems = [...[...links].flatMap(linkProblems), ...new Set(scenarios.flatMap(tracesProblems))];
  const traits = new Map<string, StrategyTraits>();
  const byStrategy = Map.groupBy(scenarios, ({ strategy }) => strategy);
  for (const [strategy, users] of byStrategy) {
    if (!isStrategyFile(strategy)) continue;
    try {
      const loaded = await loadStrategy(strategy, distinct(users.map(({ limits }) => limits)));
      traits.set(strategy, loaded.traits);
    } catch (error) {
      problems.push(...problemsOf(error));
    }
  }
  return { problems, stated: traits.size === 0 ? null : ({ strategy }) => traits.get(strategy) };
};
