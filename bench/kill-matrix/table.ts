import type { Cell, PhaseName } from './cells.ts';
import { phases, strikes } from './cells.ts';
import type { Seen } from './judge.ts';

/** A cell that was run, and what is wrong with it. */
export interface JudgedCell {
  cell: Cell;
  /** null = no run got as far as the signal. */
  seen: Seen | null;
  problems: readonly string[];
}

/** Short, so that a row of the table fits on one line of a screen. */
const headings: Readonly<Partial<Record<PhaseName, string>>> = {
  'pre-switchover': 'pre-switch',
  'postcopy-active': 'postcopy',
  'postcopy-paused': 'paused',
};

const letters = {
  nowhere: 'N',
  source: 'S',
  destination: 'D',
  lost: 'L',
  both: 'B',
  unknown: 'U',
} as const;

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 9950 ? 1 : 0);

const textOf = ({ seen, problems }: JudgedCell): string => {
  const mark = problems.length === 0 ? '' : '!';
  if (seen === null) return `${mark}?`;
  const guest = seen.result?.guest;
  const place = guest === undefined ? '–' : `${letters[guest.where]}${guest.verified ? '✓' : ''}`; // prettier-ignore
  return `${mark}${place} ${seen.tookMs === null ? '∞' : seconds(seen.tookMs)}`;
};

export const legend =
  'N the guest was nowhere yet, S at the source, D at the destination, L lost, U nobody can say; ✓ its memory was\n' +
  'compared page by page; – a killed harness leaves no result; then the seconds from the signal to the end of the run.';

/** One row per signal, one column per phase. */
export const matrixMarkdown = (judged: readonly JudgedCell[]): string => {
  const rows = strikes.map((strike) => [
    `${strike.victim === 'wan' ? 'router' : strike.victim} ${strike.signal}`,
    ...phases.map(({ name }) => {
      const found = judged.find(
        ({ cell }) => cell.phase === name && cell.victim === strike.victim && cell.signal === strike.signal,
      );
      return found === undefined ? '' : textOf(found);
    }),
  ]);
  const table = [['struck', ...phases.map(({ name }) => headings[name] ?? name)], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(3, ...table.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, column) => text.padEnd(widths[column]!)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `${[line(table[0]!), rule, ...table.slice(1).map(line)].join('\n')}\n`;
};
