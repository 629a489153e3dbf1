import { diskCounters, noneCounted } from '#catalogue/counters';
import { trafficFlowsMax } from '#proto/traffic';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { quantities } from '#harness/compare/quantities';
import { columnOf } from '#harness/export/runs';
import { exportTable } from '#harness/export/tables';
import { describeFigure, figurePlaces, figures, findFigure, valueAt } from '#harness/measure/figures';
import type { Unit } from '#harness/measure/figures';
import { csvText } from '#harness/report/csv';
import { figureRows } from '#harness/report/figure-rows';
import { figuresMarkdown } from '#harness/report/figures-markdown';
import { runArticle } from '#harness/report/page/run';
import { summaryOf } from '#harness/report/summary';
import type { CompletedRun, RunResult } from '#harness/result';
import { runResultSchema } from '#harness/result';
import { parseCsv } from '#test/support/csv';
import { completedPaperResult } from '#test/support/paper-result';
import { schemaText } from '#test/support/result-schema';
import { calibrationOf } from '#harness/trends/paper-link';

type Document = Record<string, unknown>;

const completed = completedPaperResult();
const span = () => ({
  ...{ durationMs: 0, requests: 0, requestsPerSecond: 0, repliesPerSecond: 0, kilobytesPerSecond: 0 },
  ...{ p50Ms: 0, p90Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 },
  ...{ errors: 0, timeouts: 0, refused: 0, stale: 0, otherErrors: 0 },
});
const io = () => ({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
/** With a disk, here and on the storage host, loads and a service, so that it has every figure there is. */
const paper = {
  ...completed,
  measurement: {
    ...completed.measurement,
    disk: { ...noneCounted(diskCounters), io: { before: io(), during: io(), after: io() } },
    hostLoad: {
      source: { share: 0, achieved: 0, throttledMs: 0, agentCores: 0 },
      destination: { share: 0, achieved: 0, throttledMs: 0, agentCores: 0 },
    },
    storage: {
      ...{ epochs: 0, reads: 0, writes: 0, readBytes: 0, writtenBytes: 0 },
      ...{ lateWritesRefused: 0, writersAtOnceMs: 0 },
    },
    service: {
      ...{ rate: 0, lateP99Ms: 0, during: span(), series: [] },
      phases: { before: span(), rounds: span(), downtime: span(), postcopy: span(), after: span() },
    },
    traffic: Array.from({ length: trafficFlowsMax }, () => ({
      ...{ kind: 'ping', offeredMbps: 0, beforeMbps: 0, duringMbps: 0, afterMbps: 0, lostPercent: 0 },
      ...{ before: { rttP50Ms: 0, rttP99Ms: 0 }, during: { rttP50Ms: 0, rttP99Ms: 0 } },
    })),
  },
  integrity: {
    ...completed.integrity,
    disk: {
      ...{ sectorsCompared: 0, mismatches: 0, staleReads: 0, firstMismatches: [] },
      ...{ ioErrors: 0, writersAtOnceMs: 0 },
    },
  },
  link: calibrationOf({ profile: 'lan-1g', mbps: 941, rttMs: 0.2 }),
} as CompletedRun;

/** Every single number of a document, by its place. */
const leavesOf = (document: unknown, prefix = ''): string[] => {
  if (typeof document === 'number' || document === null) return [prefix];
  if (typeof document !== 'object' || Array.isArray(document)) return [];
  return Object.entries(document as Document).flatMap(([key, value]) =>
    leavesOf(value, prefix === '' ? key : `${prefix}.${key}`),
  );
};

const set = (document: Document, place: string, value: number): void => {
  const keys = place.split('.');
  const last = keys.pop()!;
  const parent = keys.reduce((inner, key) => inner[key] as Document, document);
  parent[last] = value;
};

const own = figurePlaces.filter(({ of }) => of === undefined);

/** A run in which all figures have different values: one shown in another's place is found. */
const distinct = (): CompletedRun => {
  const run = structuredClone(paper) as CompletedRun & Document;
  for (const [index, { id, unit }] of own.entries())
    set(run, id, unit === 'bytes' ? (index + 2) * 3 * 2 ** 20 + 2 ** 19 : 101 + 13 * index);
  run.measurement.encodedPages = { xbzrle: 8253 };
  run.measurement.faults.vcpuBlocktimeMs = [401, 402];
  return run;
};

const run = distinct();
const json = JSON.parse(JSON.stringify(run)) as Document;
const inJson = (place: string): unknown =>
  place.split('.').reduce<unknown>((inner, key) => (inner as Document)[key], json);
const [columns = [], cells = []] = parseCsv(csvText(exportTable([run], 'runs')));

const factors: Readonly<Record<string, [Unit, number]>> = {
  µs: ['µs', 1], ms: ['ms', 1], s: ['ms', 1000], B: ['bytes', 1], KiB: ['bytes', 1024], MiB: ['bytes', 1024 ** 2],
  GiB: ['bytes', 1024 ** 3], 'Mb/s': ['Mb/s', 1], 'Gb/s': ['Mb/s', 1000], '': ['count', 1],
}; // prettier-ignore

/** A displayed text as a value in the figure's unit, with the uncertainty of its last digit. */
const read = (text: string, unit: Unit): { value: number; within: number } => {
  const match = /^([\d,]+(?:\.(\d+))?)(?: (µs|ms|s|B|KiB|MiB|GiB|Mb\/s|Gb\/s))?$/.exec(text.trim());
  expect([text, match !== null]).toEqual([text, true]);
  const [, digits = '', decimals = '', suffix = ''] = match!;
  const [shown, factor] = factors[suffix]!;
  const toUnit = unit === 'µs' && shown === 'ms' ? 1000 * factor : factor;
  expect([text, shown === unit || (unit === 'µs' && shown === 'ms')]).toEqual([text, true]);
  return {
    value: Number(digits.replaceAll(',', '')) * toUnit,
    within: (toUnit * 10 ** -decimals.length) / 2 + 1e-9,
  };
};

/** The figures on a screen: `label value` of each, in the order of the rows. */
const shownIds = figureRows.flatMap(({ id, details }) => [id, ...details]);
const rowsOnTerminal = summaryOf(run, []).split('\n');
const onTerminal = (row: (typeof figureRows)[number], id: string): string => {
  const { label } = findFigure(row.id)!;
  const line = rowsOnTerminal.find((text) => text.startsWith(`  ${label.padEnd(13)} `)) ?? '';
  const [figure = '', ...behind] = line
    .slice(16)
    .trim()
    .split(/ {3}| · /);
  if (id === row.id) return figure;
  const name = `${findFigure(id)!.label} `;
  return behind.find((text) => text.startsWith(name))?.slice(name.length) ?? `no ${name}in ${line}`;
};

const termOf = (label: string): string => `${label.slice(0, 1).toUpperCase()}${label.slice(1)}`;
const onPage = (page: string, row: (typeof figureRows)[number], id: string): string => {
  const term = `<dt>${termOf(findFigure(row.id)!.label)}</dt>`;
  const fact = page.slice(page.indexOf(term) + term.length);
  const text = fact.slice(fact.indexOf('<dd>') + 4, fact.indexOf('</dd>'));
  const behind = text.slice(text.indexOf(' (') + 2, -1);
  const figure = text.split(' (')[0]!;
  if (id === row.id) return figure;
  const name = `${findFigure(id)!.label} `;
  return (
    behind
      .split(' · ')
      .find((part) => part.startsWith(name))
      ?.slice(name.length) ?? `no ${name}in ${text}`
  );
};

describe('the table of figures', () => {
  test('has every number of a measurement exactly once', () => {
    const missing = leavesOf(paper.measurement, 'measurement').filter(
      (place) => findFigure(place) === undefined && !place.startsWith('measurement.capabilities.'),
    );
    expect(missing).toEqual([]);
    expect(new Set(figures.map(({ id }) => id)).size).toBe(figures.length);
    // The check finds what is missing.
    expect(findFigure('measurement.luck')).toBeUndefined();
  });

  test('a run with any values is still a result', () => {
    expect(runResultSchema.parse(json)).toEqual(json);
  });

  test('is what docs/figures.md says (node bin/with-node24.js setup/figures.ts writes it)', () => {
    const text = readFileSync(new URL('../../../../docs/figures.md', import.meta.url), 'utf8');
    expect(text).toBe(figuresMarkdown());
  });

  test('agrees with the JSON Schema everywhere', () => {
    const text = schemaText();
    for (const { id } of figures.filter(({ of }) => of === undefined))
      expect([id, text.includes(JSON.stringify(describeFigure(id)))]).toEqual([id, true]);
  });

  test('is what compare uses', () => {
    const compared = quantities.filter(({ name }) => name !== 'completed');
    expect(compared.map(({ name }) => name)).toEqual([
      'totalTimeMs', 'downtimeMs', 'ram.transferred', 'received.discardedPages', 'disk.io.before.p99Ms',
      'disk.io.during.p99Ms', 'disk.io.after.p99Ms', 'pageGoodputMbps',
      'traffic.0.duringMbps', 'traffic.1.duringMbps', 'traffic.2.duringMbps', 'traffic.3.duringMbps',
      'service.during.repliesPerSecond', 'service.during.p95Ms', 'service.during.errors', 'faults.p50Us',
      'faults.p99Us',
    ]); // prettier-ignore
    for (const { name, unit, of } of compared) {
      expect([name, of(run)]).toEqual([name, inJson(`measurement.${name}`)]);
      expect(unit).toBe(findFigure(`measurement.${name}`)!.unit);
    }
  });
});

describe('one run, the same value in the same unit for the same figure', () => {
  test('in the result, in CSV and in the table', () => {
    for (const { id, of } of figurePlaces) {
      const value = valueAt(run, id);
      expect([id, of === undefined ? inJson(id) : value]).toEqual([id, value]);
      expect([id, Number(cells[columns.indexOf(columnOf(id))])]).toEqual([id, value]);
    }
  });

  test('in the long table of figures, with label, unit and witness', () => {
    const { columns: names, rows } = exportTable([run], 'figures');
    const at = (row: readonly unknown[], name: string): unknown => row[names.indexOf(name)];
    expect(rows.map((row) => [at(row, 'figure'), at(row, 'value'), at(row, 'unit')])).toEqual(
      figurePlaces.map(({ id, unit }) => [id, valueAt(run, id), unit]),
    );
  });

  test('on the terminal and in the report', async () => {
    const { text: page } = await runArticle(run, 'run', 'a cell');
    for (const row of figureRows)
      for (const id of [row.id, ...row.details]) {
        const { unit } = findFigure(id)!;
        const value = valueAt(run, id)!;
        for (const [where, text] of [
          ['terminal', onTerminal(row, id)],
          ['page', onPage(page, row, id)],
        ] as const) {
          const shown = read(text, unit);
          expect([where, id, text, Math.abs(shown.value - value) <= shown.within]).toEqual([
            where,
            id,
            text,
            true,
          ]);
        }
      }
    // The link as it was calibrated, and how long the run took.
    const calibrated = ['link.calibration.rttMs', 'link.calibration.goodputMbps'];
    const link = rowsOnTerminal
      .find((text) => text.startsWith('  link '))!
      .slice(16)
      .trim()
      .split(/ {3}/)[0]!;
    const took = rowsOnTerminal
      .find((text) => text.startsWith('  run took '))!
      .slice(16)
      .trim()
      .split(/ {3}/)[0]!;
    expect(page).toContain(`<dd>${link}, backend`);
    for (const [place, text] of [
      ...calibrated.map((each, index) => [each, link.split(', ')[index]!] as const),
      ['durationMs', took] as const,
    ]) {
      const shown = read(text, findFigure(place)!.unit);
      expect([place, text, Math.abs(shown.value - valueAt(run, place)!) <= shown.within]).toEqual([
        place,
        text,
        true,
      ]);
    }
    expect(shownIds.length).toBeGreaterThan(25);
    expect(page).not.toContain(' MB');
  }, 60_000);

  test('a value shown for another figure, or in another unit, is found', () => {
    expect(read('1.50 GiB', 'bytes').value).toBe(1.5 * 1024 ** 3);
    expect(() => read('1.50 GB', 'bytes')).toThrow();
    expect(() => read('12 ms', 'bytes')).toThrow();
    expect(new Set(own.map(({ id }) => valueAt(run, id))).size).toBe(own.length);
  });
});

test('the compared gap says how it is made up, and that it agrees', () => {
  const line = (result: RunResult): string =>
    summaryOf(result, [])
      .split('\n')
      .find((text) => text.includes('handover gap')) ?? '';
  expect(line(paper)).toMatch(
    /45\.8 ms .*from the source's last answer to the destination's first: the downtime and the round trip/,
  );
  expect(line(paper)).toMatch(/; [\d.]+ ms to [\d.]+ ms expected, which agrees$/);
});
