import { createHash } from 'node:crypto';
import { LivemigError } from '#proto/errors';
import { readBounded } from '../bounded-file.ts';
import type { LinkChange, LinkWay } from '../link-change.ts';
import { changeOf, linkWays, numberKeys, readFigure } from '../link-change.ts';
import { unknownName } from '../nearest.ts';
import { shown } from '../shown.ts';
import { textMaxBytes } from '../yaml-source.ts';
import { momentMaxMs } from './moment.ts';

/**
 * A file of changes of a link that follow each other. It is CSV: lines that begin with `#` and empty ones are left out, the
 * first of the others names the columns, and each of the rest is a moment, counted from when the trace begins. An empty cell
 * leaves its figure as it is. A column is of both directions, or of the one before its dot.
 *
 *   timeMs,rateMbps,rttMs,destinationToSource.rateMbps
 *   0,1000,20,100
 *   500,200,,
 */

export interface TraceStep {
  /** After the trace's beginning, in ms. */
  atMs: number;
  change: LinkChange;
}

export interface LinkTrace {
  file: string;
  /** Of the file's text: which trace it was. */
  sha256: string;
  steps: readonly TraceStep[];
}

/** Twenty a second for a quarter of an hour. */
export const traceStepsMax = 20_000;
const problemsMax = 20;

/** Columns of time, with what makes ms of them. */
const timeColumns = { timeMs: 1, timeS: 1000 } as const;
const isTime = (name: string): name is keyof typeof timeColumns => Object.hasOwn(timeColumns, name);
const rttColumn = 'rttMs';

/** What a column sets: a figure of one direction or of both. */
interface Column {
  way: LinkWay | null;
  key: string;
  /** What its cells are multiplied by: a round trip is half of it each way. */
  factor: number;
}

const columnOf: ReadonlyMap<string, Column> = new Map([
  ...numberKeys.map((key): [string, Column] => [key, { way: null, key, factor: 1 }]),
  [rttColumn, { way: null, key: 'delayMs', factor: 0.5 }],
  ...linkWays.flatMap((way) =>
    numberKeys.map((key): [string, Column] => [`${way}.${key}`, { way, key, factor: 1 }]),
  ),
]);
const figureColumns = [...columnOf.keys()];

const cellsOf = (line: string): string[] => line.split(',').map((cell) => cell.trim());

const headProblems = (columns: readonly string[]): string[] => {
  const unknown = columns.filter((name) => !isTime(name) && !figureColumns.includes(name));
  const twice = columns.filter((name, index) => columns.indexOf(name) !== index);
  const known = [...Object.keys(timeColumns), ...figureColumns];
  return [
    ...unknown.map((name) => unknownName('column', name, known)),
    ...twice.map((name) => `expected each column once, got ${shown(name)} twice`),
    ...(columns.filter(isTime).length === 1 ? [] : [`expected one column of time: ${Object.keys(timeColumns).join(' or ')}`]), // prettier-ignore
    ...(columns.includes(rttColumn) && columns.includes('delayMs') ? ['expected rttMs or delayMs, got both'] : []), // prettier-ignore
    ...(columns.some((name) => !isTime(name)) ? [] : [`expected a column of what changes: ${[...numberKeys, rttColumn].join(', ')}`]), // prettier-ignore
  ];
};

interface Row {
  step: TraceStep | null;
  problems: string[];
}

const rowOf = (columns: readonly string[], line: string): Row => {
  const cells = cellsOf(line);
  if (cells.length !== columns.length)
    return { step: null, problems: [`expected ${columns.length} cells, got ${cells.length}`] };
  const problems: string[] = [];
  const both: Record<string, number> = {};
  const ways: Record<LinkWay, Record<string, number>> = { sourceToDestination: {}, destinationToSource: {} };
  let atMs = Number.NaN;
  for (const [index, column] of columns.entries()) {
    const cell = cells[index]!;
    if (isTime(column)) {
      atMs = cell === '' ? Number.NaN : Number(cell) * timeColumns[column];
      if (!(atMs >= 0 && atMs <= momentMaxMs)) problems.push(`${column}: expected a time of at most a day, got ${shown(cell)}`); // prettier-ignore
    } else if (cell !== '') {
      const { way, key, factor } = columnOf.get(column)!;
      const read = readFigure(key, Number(cell) * factor);
      if ('problem' in read) problems.push(`${column}: ${read.problem}`);
      else (way === null ? both : ways[way])[key] = read.value;
    }
  }
  if (problems.length > 0) return { step: null, problems };
  return { step: { atMs, change: changeOf(both, ways) }, problems };
};

/** @throws LivemigError BAD_INPUT with every problem, each with its line; of a file with very many, the first ones */
export const parseTrace = (text: string, file: string): LinkTrace => {
  const problems: string[] = [];
  const steps: TraceStep[] = [];
  let columns: string[] | null = null;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#') || problems.length > problemsMax) continue;
    const at = `${file}:${index + 1}: `;
    if (columns === null) {
      columns = cellsOf(line);
      problems.push(...headProblems(columns).map((problem) => at + problem));
      // What stands in columns that nobody knows can't be read.
      if (problems.length > 0) break;
      continue;
    }
    const { step, problems: wrong } = rowOf(columns, line);
    problems.push(...wrong.map((problem) => at + problem));
    if (step === null) continue;
    const last = steps.at(-1);
    if (last !== undefined && step.atMs <= last.atMs)
      problems.push(`${at}expected a time after that of the row before (${last.atMs} ms), got ${step.atMs} ms`); // prettier-ignore
    steps.push(step);
    if (steps.length > traceStepsMax) {
      problems.push(`${at}expected at most ${traceStepsMax} rows`);
      break;
    }
  }
  if (problems.length === 0 && steps.length === 0) problems.push(`${file}: expected a row of names and rows of figures, got none`); // prettier-ignore
  if (problems.length > 0) throw new LivemigError('BAD_INPUT', `link trace ${file}: ${problems.slice(0, problemsMax).join('; ')}`, { problems: problems.slice(0, problemsMax) }); // prettier-ignore
  return { file, sha256: createHash('sha256').update(text).digest('hex'), steps };
};

/** @throws LivemigError BAD_INPUT where the file can't be read, or with every problem of it */
export const loadTrace = (file: string): LinkTrace =>
  parseTrace(readBounded(file, 'link trace', textMaxBytes), file);
