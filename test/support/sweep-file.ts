import type { Expansion } from '../../harness/sweep/cells.ts';
import { expand } from '../../harness/sweep/cells.ts';
import { readDefinition } from '../../harness/sweep/definition.ts';
import type { SweepDefinition } from '../../harness/sweep/definition.ts';
import { parseSource } from '../../harness/yaml-source.ts';

const links = ['lan-1g', 'lan-10g', 'coleraine-dublin', 'coleraine-dublin-1g'];

/** What a sweep file's text comes to, sound or not. */
export const readSweep = (
  text: string,
): { definition: SweepDefinition | null; expansion: Expansion; problems: string[] } => {
  const source = parseSource(text, 'sweep.yaml');
  const { definition, problems } = readDefinition(source, ['icclab-10g', 'ulster-wan']);
  if (definition === null) return { definition, expansion: { cells: [], searches: [] }, problems };
  const expansion = expand(definition, source, {}, links);
  return { definition, expansion, problems: [...problems, ...expansion.problems] };
};

/** @throws Error where the file isn't sound */
export const expansionOf = (text: string): Expansion => {
  const { expansion, problems } = readSweep(text);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return expansion;
};
