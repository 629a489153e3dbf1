import type { AdjustableLimits } from '#catalogue/limits';
import { adjustableLimits } from '#catalogue/limits';
import { badInput } from './parse.ts';
import { scenarioSchema } from './schema.ts';
import type { Section } from './shorthand.ts';
import { isSection } from './shorthand.ts';

/**
 * Changed limits of a running migration, validated by the scenario's rules.
 * @param document a scenario document with `limits`.
 * @param others known problems, reported together with these.
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
