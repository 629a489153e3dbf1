import { estimateText } from '../trends/judge-check.ts';
import { driverText } from '../trends/words.ts';
import type { UnmatchedCell } from './cells.ts';
import type { ComparedCell, ComparedQuantity, Comparison } from './compare.ts';
import { differencesText } from './differences.ts';
import { quantities } from './quantities.ts';

/** A comparison for people: as text and as Markdown. */

export const formattedQuantity = ({ name }: ComparedQuantity, value: number): string =>
  quantities.find((quantity) => quantity.name === name)?.format(value) ?? String(value);

export const ratioText = ({ ratio }: ComparedQuantity): string =>
  ratio === null ? '–' : estimateText(ratio);

/** `42 ms and 51 ms, B over A 1.21 [1.15, 1.30]` */
export const quantityText = (quantity: ComparedQuantity): string =>
  `${formattedQuantity(quantity, quantity.a)} and ${formattedQuantity(quantity, quantity.b)}, B over A ${ratioText(quantity)}`;

const verdictText = ({ verdict }: ComparedQuantity): string =>
  verdict === 'regression' ? 'REGRESSION' : verdict === 'unchanged' ? '' : verdict;

/** The instruments of the two; both if they differ. */
const settingText = ({ backends, drivers }: ComparedCell): string => {
  const sides = [backends, { a: drivers.a.map(driverText), b: drivers.b.map(driverText) }].map(({ a, b }) => [
    a.join('+'),
    b.join('+'),
  ]);
  return sides.map(([a, b]) => (a === b ? a : `A ${a ?? ''} / B ${b ?? ''}`)).join(', ');
};

const thresholdText = ({ threshold }: Comparison): string => `${Number((threshold * 100).toPrecision(6))} %`;

/** `1 regression, 2 improvements, 9 unchanged, 3 with too few runs` */
const countsText = ({ counts, onlyInA, onlyInB, leftOut }: Comparison): string => {
  const alone = onlyInA.length + onlyInB.length;
  const searched = leftOut.a + leftOut.b;
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return [
    plural(counts.regression, 'regression'),
    plural(counts.improvement, 'improvement'),
    `${counts.unchanged} unchanged`,
    ...(counts['too few'] === 0 ? [] : [`${counts['too few']} with too few runs`]),
    ...(alone === 0 ? [] : [`${plural(alone, 'cell')} in one set only`]),
    ...(searched === 0 ? [] : [`${plural(searched, 'cell')} of searches left out`]),
  ].join(', ');
};

const legend = (comparison: Comparison): string =>
  `B over A: ratio of medians [95 % confidence interval]. A change counts if the whole interval lies beyond ` +
  `${thresholdText(comparison)} and both sets have at least 3 runs.` +
  (comparison.across.length === 0 ? '' : ` A and B may differ in ${comparison.across.join(', ')}.`);

const headOf = (cell: ComparedCell): string =>
  `${cell.name} (${settingText(cell)}; ${cell.runs.a} and ${cell.runs.b} runs)`;

const rowOf = (quantity: ComparedQuantity): string[] => [
  quantity.name,
  formattedQuantity(quantity, quantity.a),
  formattedQuantity(quantity, quantity.b),
  ratioText(quantity),
  verdictText(quantity),
];

const cellLines = (cell: ComparedCell, widths: readonly number[]): string[] => [
  '',
  headOf(cell),
  ...cell.quantities.map((quantity) =>
    `  ${rowOf(quantity)
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')}`.trimEnd(),
  ),
];

const unmatchedLine = ({ name, nearest }: UnmatchedCell): string =>
  nearest === null
    ? `- ${name}`
    : `- ${name}; nearest: ${nearest.name}, which differs in ${differencesText(nearest.differences)} (A, B)`;

const onlyLines = ({ onlyInA, onlyInB }: Comparison): string[] =>
  (
    [
      ['Only in A', onlyInA],
      ['Only in B', onlyInB],
    ] as const
  ).flatMap(([title, cells]) => (cells.length === 0 ? [] : ['', `${title}:`, ...cells.map(unmatchedLine)]));

export const comparisonText = (comparison: Comparison): string => {
  const rows = comparison.cells.flatMap((cell) => cell.quantities.map(rowOf));
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]!.length)));
  return [
    legend(comparison),
    ...comparison.cells.flatMap((cell) => cellLines(cell, widths)),
    ...onlyLines(comparison),
    '',
    countsText(comparison),
  ].join('\n');
};

const escaped = (text: string): string => text.replaceAll(/[\\|`*_<>[\]]/g, '\\$&');
const markdownRow = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;

export const comparisonMarkdown = (comparison: Comparison): string =>
  [
    `## Comparison: ${countsText(comparison)}`,
    '',
    escaped(legend(comparison)),
    ...comparison.cells.flatMap((cell) => [
      '',
      `### ${escaped(headOf(cell))}`,
      '',
      markdownRow(['quantity', 'A', 'B', 'B over A', 'verdict']),
      '| --- | --- | --- | --- | --- |',
      ...cell.quantities.map((quantity) => markdownRow(rowOf(quantity))),
    ]),
    ...onlyLines(comparison).map((line) => (line.startsWith('- ') ? `- ${escaped(line.slice(2))}` : line)),
    '',
  ].join('\n');
