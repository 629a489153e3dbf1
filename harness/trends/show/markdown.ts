import { accountings } from '../../measure/accounting.ts';
import type { DataTable, Judgement } from '../judgement.ts';
import type { TrendVerdict } from '../verdict.ts';
import { figure, scaleText, variantText } from '../words.ts';
import { countsText, groupsOf, legend, needsExplanation, settingText } from './common.ts';

/** Text in a cell: nothing of it may end the cell or be taken for markup. */
const escaped = (text: string): string => text.replaceAll(/[\\|`*_<>[\]]/g, '\\$&').replaceAll('\n', ' ');

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(head),
  row(head.map(() => '---')),
  ...rows.map((cells) => row(cells.map(escaped))),
];

const checkRow = (verdict: TrendVerdict): string[] => [
  verdict.id,
  verdict.statement,
  verdict.table,
  verdict.published,
  verdict.measured ?? '–',
  verdict.tolerance,
  verdict.verdict,
];

/** The checks of one document on one set-up. */
const group = (verdicts: readonly TrendVerdict[]): string[] => [
  '',
  `### ${escaped(verdicts[0]!.document)}`,
  '',
  escaped(`Measured with: ${settingText(verdicts[0]!)}`),
  '',
  ...tableOf(
    ['check', 'statement', 'in', 'published', 'measured', 'to hold', 'verdict'],
    verdicts.map(checkRow),
  ),
];

const explanations = (verdicts: readonly TrendVerdict[]): string[] => {
  const items = verdicts.filter((verdict) => needsExplanation(verdict) && verdict.explanation !== null);
  if (items.length === 0) return [];
  return [
    '',
    '### Why',
    '',
    ...items.map(({ id, verdict, explanation }) => `- **${id} ${verdict}**: ${escaped(explanation!)}`),
  ];
};

const dataTable = ({ backend, driver, guestScale, variant, rows }: DataTable): string[] => [
  '',
  `### Trend 11: bytes over RAM (${backend}, ${driver}, κ_M ${scaleText(guestScale)}${variantText(variant)})`,
  '',
  ...tableOf(
    ['mechanism', 'flavour', 'load', ...accountings, 'Table IV, Dublin', 'Table IV, Halifax'],
    rows.map(({ mechanism, flavour, load, bytesOverRam, publishedBytesOverRam }) => [
      mechanism,
      flavour,
      load,
      ...accountings.map((accounting) => figure(bytesOverRam[accounting])),
      figure(publishedBytesOverRam.dublin),
      figure(publishedBytesOverRam.halifax),
    ]),
  ),
];

const list = (title: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : ['', `### ${title}`, '', ...items.map((item) => `- ${escaped(item)}`)];

/** For READMEs, issues and a GitHub step's summary. */
export const judgementMarkdown = (judgement: Judgement): string =>
  [
    `## The documents' trends: ${countsText(judgement)}`,
    '',
    escaped(legend(judgement)),
    ...groupsOf(judgement).flatMap(group),
    ...explanations(judgement.verdicts),
    ...judgement.dataTables.flatMap(dataTable),
    ...list(
      'Contradictions inside the documents',
      judgement.contradictions.map(({ text }) => text),
    ),
    ...list('Scale', judgement.notes),
    '',
  ].join('\n');
