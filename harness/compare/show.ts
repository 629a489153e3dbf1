import { estimateText } from '../trends/judge-check.ts';
import type { UnmatchedCell } from './cells.ts';
import type { ComparedCell, ComparedQuantity, Comparison } from './compare.ts';
import { differencesText } from './differences.ts';
import { quantities } from './quantities.ts';

/** A comparison for people: as text and as Markdown. */

const formatted = ({ name }: ComparedQuantity, value: number): string =>
  quantities.find((quantity) => quantity.name === name)?.format(value) ?? String(value);

const ratioText = ({ ratio }: ComparedQuantity): string => (ratio === null ? '–' : estimateText(ratio));

const verdictText = ({ verdict }: ComparedQuantity): string =>
  verdict === 'regression' ? 'REGRESSION' : verdict === 'unchanged' ? '' : verdict;

/** What measured the two; both sides where they differ. */
const settingText = ({ backends, drivers }: ComparedCell): string => {
  const sides = [backends, drivers].map(({ a, b }) => [a.join('+'), b.join('+')]);
  return sides.map(([a, b]) => (a === b ? a : `A ${a ?? ''} / B ${b ?? ''}`)).join(', ');
};

const thresholdText = ({ threshold }: Comparison): string => `${Number((threshold * 100).toPrecision(6))} %`;

/** `1 regression, 2 improvements, 9 unchanged, 3 with too few runs` */
const countsText = ({ counts, onlyInA, onlyInB }: Comparison): string => {
  const alone = onlyInA.length + onlyInB.length;
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return [
    plural(counts.regression, 'regression'),
    plural(counts.improvement, 'improvement'),
    `${counts.unchanged} unchanged`,
    ...(counts['too few'] === 0 ? [] : [`${counts['too few']} with too few runs`]),
    ...(alone === 0 ? [] : [`${plural(alone, 'cell')} in one set only`]),
  ].join(', ');
};

const legend = (comparison: Comparison): string =>
  `B over A: ratio of medians [95 % confidence interval]. A change counts where the whole interval lies beyond ` +
  `${thresholdText(comparison)} and both have at least 3 runs.` +
  (comparison.across.length === 0 ? '' : ` A and B may differ in ${comparison.across.join(', ')}.`);

const headOf = (cell: ComparedCell): string =>
  `${cell.name} (${settingText(cell)}; ${cell.runs.a} and ${cell.runs.b} runs)`;

const rowOf = (quantity: ComparedQuantity): string[] => [
  quantity.name,
  formatted(quantity, quantity.a),
  formatted(quantity, quantity.b),
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
