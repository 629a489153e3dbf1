import { deepEqual, equal, ok } from 'node:assert/strict';
import { resolve } from 'node:path';
import { inkOf } from '../report/palette.ts';
import type { Plot } from '../report/plots/plot.ts';
import { plotWidths } from '../report/plots/plot.ts';
import { render } from '../report/plots/render.ts';
import type { RunResult } from '../result.ts';
import { prepareSweep } from '../sweep/prepare.ts';
import { judge } from '../trends/index.ts';
import { judgeCheck } from '../trends/judge-check.ts';
import { needsOf } from '../trends/needs.ts';
import { runOnPaper } from '../trends/on-paper.ts';
import { ownCode } from '../trends/own-code.ts';
import type { PaperRun } from '../trends/paper-run.ts';
import { setUpsOf } from '../trends/set-ups.ts';
import type { Era } from '../trends/era.ts';
import { figureAt } from '../trends/era.ts';
import type { Study } from '../trends/study.ts';
import { eraTexts } from '../trends/verdict.ts';

/** A requirement for every study. */
export interface StudyCase {
  name: string;
  /** @throws AssertionError if it isn't met, or LivemigError if it can't be tested */
  check: () => void | Promise<void>;
}

const asRuns = ({ name }: Study, runs: readonly PaperRun[]): RunResult[] =>
  runs.map((run) => runOnPaper(run, name));

const sweepCases = (study: Study): StudyCase[] =>
  Object.values(study.sweeps)
    .filter((file) => file !== null)
    .map((file) => ({
      name: `${file} can run, with as many repetitions as a verdict needs`,
      check: async () => {
        const request = { overrides: {}, only: null, repeats: null, seed: null, retries: null };
        const { blocks, definition } = await prepareSweep(resolve(file), request, []);
        equal(definition.experiment, study.name);
        const trials = blocks.flatMap((block) => (block.kind === 'trials' ? block.trials : []));
        const cells = Map.groupBy(trials, ({ part, labels }) => JSON.stringify([part, labels]));
        for (const [cell, { length }] of [...cells].map(([key, runs]) => [key, runs] as const))
          ok(length >= study.rules.leastRepeats, `${cell} has ${length} runs`);
      },
    }));

/** Compares the verdicts on these runs with the expected ones, by check. */
const expectVerdicts = (
  study: Study,
  runs: readonly PaperRun[],
  wanted: ReadonlyMap<string, string>,
): void => {
  const verdicts = judge(asRuns(study, runs), [study]);
  deepEqual(
    verdicts.map(({ id }) => id),
    [...wanted.keys()],
  );
  const wrong = verdicts.flatMap(({ id, verdict, measured, explanation }) =>
    verdict === wanted.get(id)
      ? []
      : [
          `${id}: expected ${wanted.get(id)}, got ${verdict} (${measured ?? explanation ?? 'nothing measured'})`,
        ],
  );
  ok(wrong.length === 0, wrong.join('; '));
};

/** Checks hold on the study's synthetic runs, and each fails on those altered by its control. */
const checkCases = (study: Study): StudyCase[] => {
  const { onPaper } = study;
  if (onPaper === null) return [];
  const checks = study.trends.flatMap((trend) => trend.checks.map((check) => ({ study, trend, check })));
  const holding = (): readonly PaperRun[] => ownCode(study, 'onPaper.holding', onPaper.holding);
  const controls = checks.flatMap((of): StudyCase[] => {
    const { id, control } = of.check;
    if (control === null) return [];
    return [
      {
        name: `${id} fails with ${control.setup}`,
        check: () => {
          const spoilt = ownCode(study, `control of ${id}`, () => control.spoil(holding()));
          const [setUp] = setUpsOf(asRuns(study, spoilt), study.name);
          ok(setUp !== undefined, `the control of ${id} leaves no runs`);
          const { verdict, measured, explanation } = judgeCheck(of, setUp, { accounting: 'payload' });
          ok(
            verdict === 'fails',
            `expected it to fail, got ${verdict} (${measured ?? explanation ?? 'nothing measured'})`,
          );
          ok(explanation !== null, 'expected an explanation of the finding');
        },
      },
    ];
  });
  return [
    {
      name: 'every check holds on the synthetic runs, except for contested ones',
      check: () => {
        const wanted = checks.map(
          ({ check: { id, isContested } }) => [id, isContested === true ? 'contested' : 'holds'] as const,
        );
        expectVerdicts(study, holding(), new Map(wanted));
      },
    },
    ...controls,
    ...publishedCases(study),
  ];
};

/** Checks of the document's own tables, if the study has them as runs. */
const publishedCases = (study: Study): StudyCase[] => {
  const published = study.onPaper?.published;
  if (published === undefined) return [];
  const runs = (): readonly PaperRun[] => ownCode(study, 'onPaper.published', published);
  const checks = study.trends.flatMap((trend) => trend.checks);
  return [
    {
      name: "the document's own tables pass every check of their claims, or the check says why not",
      check: () => {
        const wanted = checks.map(({ id, publishedVerdict = 'holds' }) => [id, publishedVerdict] as const);
        expectVerdicts(study, runs(), new Map(wanted));
      },
    },
    ...Object.entries(study.tolerances).flatMap(([id, { published: value }]): StudyCase[] =>
      value === null
        ? []
        : [
            {
              name: `${id}: the frozen published value matches the document's tables: ${value}`,
              check: () => {
                const verdict = judge(asRuns(study, runs()), [study]).find((each) => each.id === id);
                const found = verdict?.estimate?.value ?? NaN;
                ok(Math.abs(found - value) < 0.0005, `expected ${value}, got ${found}`);
              },
            },
          ],
    ),
  ];
};

interface LegendSpec {
  vconcat: [{ data: { values: { label: string; shape: string; dash: number[]; fill: string }[] } }];
}

const casesOfPlot = (plot: Plot): StudyCase[] => {
  const drawn = Object.entries(plotWidths).map(([name, width]): StudyCase => ({
    name: `plot ${plot.id} is drawn at its ${name} width, in variables alone`,
    check: async () => {
      const svg = await render(plot.spec(width));
      ok(/<g class="mark-symbol role-mark|<g class="mark-line role-mark/.test(svg), 'nothing is drawn');
      const drawnWidth = Number(/width="(\d+)"/.exec(svg)?.[1]);
      ok(drawnWidth <= width + 8, `expected at most ${width + 8} px, got ${drawnWidth}`);
      const [wrong] = /#[0-9a-f]{6}|NaN|undefined|clip-path|href|src|url/.exec(svg) ?? [];
      equal(wrong, undefined);
    },
  }));
  const spec = plot.spec(plotWidths.wide);
  return [
    ...drawn,
    {
      name: `plot ${plot.id} has a description in words, and a table as long as its data`,
      check: () => {
        ok(/\d/.test(plot.description), 'expected a description with figures');
        ok(plot.caption.length > 40, 'expected a caption of more than 40 characters');
        ok(plot.table.rows.length > 0, 'expected rows in its table');
        for (const row of plot.table.rows) equal(row.length, plot.table.head.length);
        for (const row of plot.csv.rows) equal(row.length, plot.csv.columns.length);
        deepEqual(plot.missing, []);
      },
    },
    ...(!('vconcat' in spec)
      ? []
      : [
          {
            name: `plot ${plot.id}: its series differ without their colours: by shape, by fill or by dash`,
            check: () => {
              const entries = (spec as unknown as LegendSpec).vconcat[0].data.values;
              ok(entries.length > 0, 'expected a legend with entries');
              const looks = entries.map(({ shape, dash, fill }) =>
                JSON.stringify([shape, dash, fill === inkOf('paper')]),
              );
              equal(new Set(looks).size, entries.length);
            },
          },
        ]),
  ];
};

/** To the digits that it states. */
const isStatedAs = (computed: number, value: number): boolean => {
  const digits = String(value).replace(/^0?\.?0*|\./g, '').length;
  return Number(computed.toPrecision(Math.max(1, digits))) === value;
};

const constantCases = (study: Study, { name, constants, checks, figures }: Era): StudyCase[] => [
  ...constants.map(({ name: constant, value, compute, rows }) => ({
    name: `era ${name}: ${constant} follows from the published figures`,
    check: () => {
      for (const row of rows)
        ok(figureAt(row, figures) !== undefined, `${row}: there is no such published figure`);
      const computed = ownCode(study, `constant ${constant}`, compute);
      ok(isStatedAs(computed, value), `expected ${computed}, got ${value}`);
    },
  })),
  {
    name: `era ${name}: no check is judged by rows that a constant came from, or it is told as consistency`,
    check: () => {
      const used = new Set(constants.flatMap(({ rows }) => rows));
      for (const [id, { rows, basis }] of Object.entries(checks)) {
        for (const row of rows)
          ok(figureAt(row, figures) !== undefined, `${id}: ${row}: there is no such published figure`);
        equal(basis, rows.some((row) => used.has(row)) ? 'consistency' : 'independent', `basis of ${id}`);
      }
    },
  },
];

/** An era's constants follow from the documents, and its checks hold by them alone. */
const eraCases = (study: Study): StudyCase[] =>
  study.eras.flatMap((era) => [
    ...constantCases(study, era),
    {
      name: `era ${era.name}: its checks fail as measured, hold in it, and fail without its fixed time`,
      check: () => {
        const runs = ownCode(
          study,
          'onPaper.withoutSoftware',
          () => study.onPaper?.withoutSoftware?.() ?? [],
        );
        const verdicts = judge(asRuns(study, runs), [study]).filter(({ id }) => era.checks[id] !== undefined);
        deepEqual(verdicts.map(({ id }) => id).sort(), Object.keys(era.checks).sort());
        for (const verdict of verdicts) {
          const inIt = verdict.inEras.find((each) => each.era === era.name);
          const told = `${verdict.id}: ${verdict.verdict}, ${verdict.measured ?? ''}; ${eraTexts(verdict).join('; ')}`;
          equal(inIt?.verdict, 'holds', told);
          equal(inIt.withoutFixedTime, 'fails', told);
          equal(verdict.verdict, 'fails', told);
        }
      },
    },
  ]);

const plotCases = (study: Study): StudyCase[] => {
  if (study.plots.length === 0 || study.onPaper === null) return [];
  const runs = asRuns(study, ownCode(study, 'onPaper.holding', study.onPaper.holding));
  const [setUp] = setUpsOf(runs, study.name);
  const plots =
    setUp === undefined ? [] : ownCode(study, 'a plot', () => study.plots.map((make) => make(setUp)));
  return [
    {
      name: 'every plot has a unique id, and belongs to trends of the study',
      check: () => {
        const ids = plots.map(({ id }) => id);
        equal(new Set(ids).size, ids.length);
        const trends = study.trends.map(({ trend }) => trend);
        for (const plot of plots)
          for (const trend of plot.trends) ok(trends.includes(trend), `${plot.id}: no trend ${trend}`);
      },
    },
    ...plots.flatMap(casesOfPlot),
  ];
};

const tableCases = (study: Study): StudyCase[] => [
  {
    name: 'its tables have a value in every column',
    check: () => {
      const runs = asRuns(
        study,
        ownCode(study, 'onPaper.holding', () => study.onPaper?.holding() ?? []),
      );
      for (const setUp of setUpsOf(runs, study.name))
        for (const make of study.tables) {
          const table = ownCode(study, 'a table', () => make(needsOf(setUp, study.rules)));
          ok(table !== null, 'expected a table of its synthetic runs');
          for (const row of table.rows)
            for (const { key } of table.columns)
              ok(!Number.isNaN(row[key] ?? NaN), `${table.title}: no ${key}`);
        }
    },
  },
  {
    name: 'its contradictions have both figures',
    check: () => {
      for (const { id, claimed, computed, text } of ownCode(study, 'contradictions', study.contradictions)) {
        ok(claimed !== computed, `${id}: both figures are ${claimed}`);
        ok(!/NaN|undefined/.test(text), text);
      }
    },
  },
];

/**
 * The requirements for every study: its sweeps can run, its checks hold and can fail, its plots render, its tables and
 * contradictions are complete. The project's own studies are tested by the same cases.
 * @throws LivemigError BAD_INPUT if the study's own code throws while plots are created
 */
export const studyCases = (study: Study): StudyCase[] => [
  {
    name: 'describes itself',
    check: () => {
      for (const text of [study.title, study.document, study.what])
        ok(/\w/.test(text), 'expected title, document and what');
      ok(!study.what.endsWith('.'), 'expected `what` without a full stop');
    },
  },
  ...sweepCases(study),
  ...checkCases(study),
  ...eraCases(study),
  ...plotCases(study),
  ...tableCases(study),
];
