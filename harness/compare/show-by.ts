import { tableOf } from '../markdown.ts';
import type { ByComparison, ComparedAlong } from './by.ts';
import type { ComparedQuantity } from './compare.ts';
import { formattedQuantity, ratioText } from './show.ts';

/** A comparison along a setting, for people: as text and as Markdown. */

/** Better and worse are said of what is compared; nothing has regressed. */
const words: Readonly<Record<ComparedQuantity['verdict'], string>> = {
  regression: 'worse',
  improvement: 'better',
  unchanged: '',
  'too few': 'too few runs',
  'no ratio': 'no ratio',
};

/** By quantity: the base's figure, and then the others'. */
const rowsOf = ({ base: { runs }, others }: ComparedAlong, base: string): string[][] => {
  const names = [...new Set(others.flatMap(({ quantities }) => quantities.map(({ name }) => name)))];
  return names.flatMap((name) => {
    const found = others.flatMap(({ value, runs: count, quantities }) => {
      const quantity = quantities.find((each) => each.name === name);
      return quantity === undefined ? [] : [{ value, count, quantity }];
    });
    const [first] = found;
    if (first === undefined) return [];
    return [
      [name, base, formattedQuantity(first.quantity, first.quantity.a), '', '', String(runs)],
      ...found.map(({ value, count, quantity }) => [
        '',
        value,
        formattedQuantity(quantity, quantity.b),
        ratioText(quantity),
        words[quantity.verdict],
        String(count),
      ]),
    ];
  });
};

/** Figures of a link go with its name, and labels of a sweep with what they set: no news. */
const isNews = (name: string): boolean => !/^(?:linkDefinition|sweep\.cell)\./.test(name);

const legend = ({ axis, along, base, threshold }: ByComparison): string => {
  const others = along.filter((name) => name !== axis && isNews(name));
  return (
    `By ${axis}: ratios of medians to those of ${base} [95 % confidence interval]. Better and worse: the whole interval lies ` +
    `beyond ${Number((threshold * 100).toPrecision(6))} %, with at least 3 runs each.` +
    (others.length === 0 ? '' : ` These change with it: ${others.join(', ')}.`)
  );
};

export const byText = (comparison: ByComparison): string => {
  const tables = comparison.cells.map((cell) => ({ cell, rows: rowsOf(cell, comparison.base) }));
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...tables.flatMap(({ rows }) => rows.map((row) => row[column]!.length))),
  );
  return [
    legend(comparison),
    ...tables.flatMap(({ cell, rows }) => [
      '',
      cell.name,
      ...rows.map((row) =>
        `  ${row
          .slice(0, -1)
          .map((text, column) => text.padEnd(widths[column] ?? 0))
          .join('  ')}`.trimEnd(),
      ),
    ]),
  ].join('\n');
};

export const byMarkdown = (comparison: ByComparison): string =>
  [
    `## By ${comparison.axis}`,
    '',
    legend(comparison),
    ...comparison.cells.flatMap((cell) => [
      '',
      `### ${cell.name}`,
      '',
      ...tableOf(
        ['quantity', comparison.axis, 'median', `over ${comparison.base}`, 'verdict', 'runs'],
        rowsOf(cell, comparison.base),
      ),
    ]),
    '',
  ].join('\n');
