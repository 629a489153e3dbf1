import { accountings } from '../../measure/accounting.ts';
import type { DataTable, Judgement } from '../judgement.ts';
import type { TrendVerdict } from '../verdict.ts';
import { figure, scaleText, variantText } from '../words.ts';
import { countsText, groupsOf, legend, needsExplanation, settingText } from './common.ts';

const width = 110;

/** Words on lines of at most `width`, each after `indent`. */
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
  const name = verdict.verdict === 'fails' ? 'FAILS' : verdict.verdict;
  const first = `  ${id.padEnd(idWidth)}${name.padEnd(verdictWidth)}${head[0]!.slice(indent.length)}`;
  const figures = [`measured ${measured ?? 'nothing'}`, `to hold ${tolerance}`, `published ${published}`];
  return [
    first,
    ...head.slice(1),
    ...wrapped(figures.join(' · '), indent),
    ...(needsExplanation(verdict) && explanation !== null ? wrapped(`why: ${explanation}`, indent) : []),
  ];
};

const groupLines = (verdicts: readonly TrendVerdict[]): string[] => [
  '',
  ...wrapped(verdicts[0]!.document, ''),
  `Measured with: ${settingText(verdicts[0]!)}`,
  ...verdicts.flatMap(checkLines),
];

const tableLines = ({ backend, driver, guestScale, variant, rows }: DataTable): string[] => {
  const head = ['mechanism', 'flavour', 'load', ...accountings, 'Dublin', 'Halifax'];
  const cells = rows.map(({ mechanism, flavour, load, bytesOverRam, publishedBytesOverRam }) => [
    mechanism,
    flavour,
    load,
    ...accountings.map((accounting) => figure(bytesOverRam[accounting])),
    figure(publishedBytesOverRam.dublin),
    figure(publishedBytesOverRam.halifax),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join('  ')}`;
  return [
    '',
    `Trend 11: bytes over RAM by mechanism and accounting (${backend}, ${driver}, κ_M ${scaleText(guestScale)}${variantText(variant)}), beside Table IV`,
    line(head),
    ...cells.map(line),
  ];
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
    ...judgement.dataTables.flatMap(tableLines),
    ...listLines(
      'Contradictions inside the documents',
      judgement.contradictions.map(({ text }) => text),
    ),
    ...listLines('Scale', judgement.notes),
    '',
    countsText(judgement),
  ].join('\n');
};
