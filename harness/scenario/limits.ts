import type { AdjustableLimits } from '../../proto/strategy.ts';
import { adjustableLimits } from '../../proto/strategy.ts';
import { badInput } from './parse.ts';
import { scenarioSchema } from './schema.ts';
import type { Section } from './shorthand.ts';
import { isSection } from './shorthand.ts';

/**
 * Limits to go on with, held to the scenario's rules.
 * @param document what a scenario has, with `limits`.
 * @param others problems that are known already, to be reported with these.
 * @throws LivemigError BAD_INPUT with every problem
 */
export const parseLimits = (document: Section, others: readonly string[]): Partial<AdjustableLimits> => {
  const { limits } = document;
  const outcome = scenarioSchema([]).shape.limits.safeParse(limits);
  const issues = outcome.error?.issues ?? [];
  const problems = [...others, ...issues.map(({ path, message }) => `limits.${path.join('.')}: ${message}`)];
  if (!isSection(limits)) problems.push(`expected what to change: ${adjustableLimits.join(', ')}`);
  if (problems.length > 0) throw badInput('command line', problems);
  const given = Object.entries(outcome.data ?? {}).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
};
