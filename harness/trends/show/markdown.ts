import type { Judgement, TableOfSetUp } from '../judgement.ts';
import type { TrendVerdict } from '../verdict.ts';
import { verdictText } from '../verdict.ts';
import { madeWith } from '../words.ts';
import { escaped, tableOf, wrapped } from '#harness/markdown';
import {
  countLines,
  explanationsOf,
  groupsOf,
  legend,
  publishedOverMeasuredText,
  setUpText,
  tableText,
} from './common.ts';
import { kindTexts } from '../kind.ts';

const checkRow = (verdict: TrendVerdict): string[] => [
  verdict.id,
  verdict.statement,
  verdict.table,
  verdict.published,
  verdict.measured ?? '–',
  verdict.tolerance,
  publishedOverMeasuredText(verdict),
  kindTexts[verdict.kind],
  verdictText(verdict),
];

/** The checks of one document on one set-up. */
const group = (verdicts: readonly TrendVerdict[]): string[] => [
  '',
  `### ${escaped(verdicts[0]!.document)}`,
  '',
  ...wrapped(escaped(`${madeWith(verdicts[0]!.drivers)}: ${setUpText(verdicts[0]!)}`)),
  '',
  ...tableOf(
    [
      'check',
      'statement',
      'in',
      'published',
      'measured',
      'to hold',
      'published ÷ measured',
      'kind',
      'verdict',
    ],
    verdicts.map(checkRow),
  ),
];

const explanations = (verdicts: readonly TrendVerdict[]): string[] => {
  const items = verdicts
    .map((verdict) => ({ verdict, texts: explanationsOf(verdict) }))
    .filter(({ texts }) => texts.length > 0);
  if (items.length === 0) return [];
  return [
    '',
    '### Why',
    '',
    ...items.flatMap(({ verdict, texts }) =>
      wrapped(`**${verdict.id} ${verdictText(verdict)}**: ${escaped(texts.join('. '))}`, '- '),
    ),
  ];
};

const studyTable = (table: TableOfSetUp): string[] => {
  const { title, head, rows } = tableText(table);
  return ['', `### ${escaped(title)}`, '', ...tableOf(head, rows)];
};

const list = (title: string, items: readonly string[]): string[] =>
  items.length === 0
    ? []
    : ['', `### ${title}`, '', ...items.flatMap((item) => wrapped(escaped(item), '- '))];

/** For READMEs, issues and a GitHub step's summary. */
export const judgementMarkdown = (judgement: Judgement): string =>
  [
    "## The documents' trends",
    '',
    ...countLines(judgement).map((line) => `- ${line}`),
    '',
    ...wrapped(escaped(legend(judgement))),
    ...groupsOf(judgement).flatMap(group),
    ...explanations(judgement.verdicts),
    ...judgement.tables.flatMap(studyTable),
    ...list(
      'Contradictions inside the documents',
      judgement.contradictions.map(({ text }) => text),
    ),
    ...list('Scale', judgement.notes),
    '',
  ].join('\n');
