import type { Expansion } from '#harness/sweep/cells';
import { expand } from '#harness/sweep/cells';
import { readDefinition } from '#harness/sweep/definition';
import type { SweepDefinition } from '#harness/sweep/definition';
import { parseSource } from '#harness/yaml-source';

const links = ['lan-1g', 'lan-10g', 'coleraine-dublin', 'coleraine-dublin-1g'];

/** The result of parsing a sweep file's text, valid or not. */
export const readSweep = (
  text: string,
): { definition: SweepDefinition | null; expansion: Expansion; problems: string[] } => {
  const source = parseSource(text, 'sweep.yaml');
  const { definition, problems } = readDefinition(source, ['icclab-10g', 'ulster-wan']);
  if (definition === null) return { definition, expansion: { cells: [], searches: [] }, problems };
  const expansion = expand(definition, source, {}, links);
  return { definition, expansion, problems: [...problems, ...expansion.problems] };
};

/** @throws Error if the file isn't valid */
export const expansionOf = (text: string): Expansion => {
  const { expansion, problems } = readSweep(text);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return expansion;
};
