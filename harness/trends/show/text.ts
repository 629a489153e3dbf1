import type { Judgement, TableOfSetUp } from '../judgement.ts';
import type { TrendVerdict } from '../verdict.ts';
import { eraTexts, wordOf } from '../verdict.ts';
import { madeWith } from '../words.ts';
import {
  countLines,
  groupsOf,
  legend,
  needsExplanation,
  publishedOverMeasuredText,
  setUpText,
  tableText,
} from './common.ts';
import { kindTexts } from '../kind.ts';

const width = 110;

/** Wraps words to lines of at most `width`, each after `indent`. */
const wrapped = (text: string, indent: string): string[] =>
  text.split(' ').reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) return [...lines, `${indent}${word}`];
    return [...lines.slice(0, -1), `${last} ${word}`];
  }, []);

const idWidth = 5;
const verdictWidth = 14;
const indent = ' '.repeat(2 + idWidth + verdictWidth);

const checkLines = (verdict: TrendVerdict): string[] => {
  const { id, statement, table, published, measured, tolerance, explanation } = verdict;
  const head = wrapped(`${statement} (${table})`, indent);
  const word = wordOf(verdict);
  const name = word === 'fails' ? 'FAILS' : word;
  const first = `  ${id.padEnd(idWidth)}${name.padEnd(verdictWidth)}${head[0]!.slice(indent.length)}`;
  const figures = [
    `measured ${measured ?? 'nothing'}`,
    `to hold ${tolerance}`,
    `published ${published}`,
    ...(verdict.publishedOverMeasured === null
      ? []
      : [`published ÷ measured ${publishedOverMeasuredText(verdict)}`]),
    kindTexts[verdict.kind],
  ];
  return [
    first,
    ...head.slice(1),
    ...wrapped(figures.join(' · '), indent),
    ...eraTexts(verdict).flatMap((text) => wrapped(text, indent)),
    ...(needsExplanation(verdict) && explanation !== null ? wrapped(`why: ${explanation}`, indent) : []),
  ];
};

const groupLines = (verdicts: readonly TrendVerdict[]): string[] => [
  '',
  ...wrapped(verdicts[0]!.document, ''),
  `${madeWith(verdicts[0]!.drivers)}: ${setUpText(verdicts[0]!)}`,
  ...verdicts.flatMap(checkLines),
];

/** Text left-aligned, numbers right-aligned. */
const tableLines = (table: TableOfSetUp): string[] => {
  const { title, head, rows } = tableText(table);
  const isText = table.columns.map(({ key }) => typeof table.rows[0]?.[key] === 'string');
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => (isText[column] === true ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`;
  return ['', title, line(head), ...rows.map(line)];
};

const listLines = (title: string, items: readonly string[]): string[] =>
  items.length === 0
    ? []
    : ['', title, ...items.flatMap((item) => [`  - ${wrapped(item, '    ').join('\n').trimStart()}`])];

/** For a terminal. */
export const judgementText = (judgement: Judgement): string => {
  return [
    ...wrapped(legend(judgement), ''),
    ...groupsOf(judgement).flatMap(groupLines),
    ...judgement.tables.flatMap(tableLines),
    ...listLines(
      'Contradictions inside the documents',
      judgement.contradictions.map(({ text }) => text),
    ),
    ...listLines('Scale', judgement.notes),
    '',
    ...countLines(judgement),
  ].join('\n');
};
