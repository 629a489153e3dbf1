import { beforeAll, describe, expect, test } from '@jest/globals';
import { compareRuns } from '#harness/compare/compare';
import { comparisonText } from '#harness/compare/show';
import { exportTable } from '#harness/export/tables';
import { reportPage } from '#harness/report/page/index';
import { differenceText } from '#harness/report/difference';
import { repeatSummaryOf, summaryOf } from '#harness/report/summary';
import type { CompletedRun, RunResult } from '#harness/result';
import { judgementOf } from '#harness/trends/judgement';
import { judgementJunit, judgementMarkdown, judgementText } from '#harness/trends/show/index';
import { cpuShareText } from '#harness/trends/run-figures';
import { reportInputOf } from '#test/support/report-input';
import { holdingRuns, studies } from '#test/support/studies';
import { trendRun } from '#test/support/trend-runs';

const noCpu = { agentS: null, guestS: null, machineBusyShare: null };

/** The same runs as driver sim would have made them: models have no CPU time and memory of their own. */
const simulated = (run: RunResult): RunResult => {
  if (run.state !== 'completed') throw new Error('expected a completed run');
  const { measurement } = run;
  const memory = { rssBytes: null, touchedBytes: 4096, aboveTouchedBytes: null };
  return {
    ...run,
    runId: `${run.runId}-sim`,
    driver: 'sim',
    link: { ...run.link, backend: 'virtual-time' },
    measurement: {
      ...measurement,
      cpu: { source: noCpu, destination: noCpu, wan: noCpu, observer: noCpu },
      memory: { source: memory, destination: memory },
      // Much slower than what was measured, so that a verdict over both would be another one.
      totalTimeMs: measurement.totalTimeMs * 3,
      downtimeMs: measurement.downtimeMs + 5000,
    },
  };
};

const measured = holdingRuns().filter(({ part }) => part === 'hybrid').map(trendRun); // prettier-ignore
const models = measured.map(simulated);
const judge = (runs: readonly RunResult[]) => judgementOf(runs, studies, { accounting: 'payload' });
const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe('simulated runs of a published study', () => {
  test('are judged separately, and change no verdict on measured ones', () => {
    const withMeasured = (runs: readonly RunResult[], driver: string) =>
      judge(runs).verdicts.filter(({ drivers }) => drivers.includes(driver));
    const both = [...measured, ...models];
    expect(withMeasured(both, 'netns')).toEqual(withMeasured(measured, 'netns'));
    expect(withMeasured(both, 'sim')).toEqual(withMeasured(models, 'sim'));
    expect(judge(both).verdicts.every(({ drivers }) => drivers.length <= 1)).toBe(true);
    const runIds = (driver: string) => withMeasured(both, driver).flatMap((verdict) => verdict.runIds);
    expect(runIds('netns').filter((id) => id.endsWith('-sim'))).toEqual([]);
    expect(runIds('sim').filter((id) => !id.endsWith('-sim'))).toEqual([]);
  });

  test('a verdict over both would be different (negative control)', () => {
    const disguised = models.map((run) => ({ ...run, driver: 'netns' as const, link: measured[0]!.link }));
    const of = (runs: readonly RunResult[]) =>
      judge(runs).verdicts.filter(({ drivers }) => drivers.includes('netns')).map(({ verdict }) => verdict); // prettier-ignore
    expect(of([...measured, ...disguised])).not.toEqual(of(measured));
  });

  test('are called simulated in every form of the verdicts, and counted apart', () => {
    const judgement = judge([...measured, ...models]);
    const [text, markdown] = [judgementText, judgementMarkdown].map((show) => flat(show(judgement)));
    expect(text).toContain('Simulated with: virtual-time, sim (simulated), κ_M 1');
    expect(text).toContain('Measured with: nfqueue, netns, κ_M 1');
    expect(markdown).toContain('Simulated with: virtual-time, sim (simulated)');
    expect(judgementJunit(judgement)).toContain('virtual-time, sim (simulated)');
    const note = `${models.length} of these runs are simulated: hosts, guest and link are models, and nothing of them was measured. They are judged apart from the ${measured.length} measured ones.`;
    for (const form of [text, flat(markdown!)]) expect(form).toContain(note);
    const counted = judgementText(judgement).trimEnd().split('\n').slice(-6);
    const kinds = ['documents, two-sided', 'documents, one-sided', 'our own goals'];
    expect(counted.map((line) => line.replace(/: \d.*/, ''))).toEqual([
      ...kinds,
      ...kinds.map((kind) => `simulated; ${kind}`),
    ]);
    expect(counted.slice(0, 3).join()).not.toMatch(/ fail/);
    expect(counted.slice(3).join()).toMatch(/ fail/);
    expect(judgementText(judge(measured))).not.toContain('imulated');
  });

  test('a report without measured runs says so', () => {
    expect(flat(judgementText(judge(models)))).toContain('There are no measured runs.');
  });

  describe('on the page', () => {
    let page: string;
    beforeAll(async () => {
      page = flat(await reportPage(reportInputOf([...measured, ...models])));
    }, 60_000);

    test('each figure is either of measured or of simulated runs, and says which', () => {
      expect(page).toContain('Measured with driver netns, link backend nfqueue');
      expect(page).toContain('Simulated with driver sim (simulated), link backend virtual-time');
      expect(page).toContain('simulated with virtual-time, sim (simulated)');
      expect(page).not.toContain('easured with driver sim');
      expect(page).toContain(`judged apart from the ${measured.length} measured ones`);
    });

    test('it counts them separately, and calls no model real', async () => {
      expect(page).toMatch(/checks<\/a> on the documents’ trends: .*checks<\/a> on simulated runs: /);
      expect(page).toContain('Some runs are simulated');
      const headOf = async (runs: readonly RunResult[]) =>
        /<section id="about">.*?<\/section>/.exec(flat(await reportPage(reportInputOf(runs))))![0];
      const [real, virtual] = [await headOf(measured.slice(0, 1)), await headOf(models.slice(0, 1))];
      expect(real).toContain('Links and round trips are real');
      expect(real).not.toContain('imulated');
      expect(virtual).toContain('All runs are simulated');
      expect(virtual).not.toContain('<dt>Measured</dt>');
      expect(virtual).not.toContain('are real');
    }, 60_000);

    test('nothing is NaN', () => {
      // Packed results may have it in their letters.
      const visible = page.replaceAll(/href="data:[^"]*"/g, '');
      expect(visible.length).toBeLessThan(page.length);
      expect(/.{0,80}NaN.{0,40}/.exec(visible)?.[0]).toBeUndefined();
    });
  });

  test('are never compared with measured ones', () => {
    const options = { threshold: 0.05, across: [] };
    expect(() => compareRuns(measured, models, options)).toThrow(/A by netns, B by sim/);
    const together = compareRuns(models, models, options);
    expect(together.cells.length).toBeGreaterThan(0);
    expect(comparisonText(together)).toContain('(virtual-time, sim (simulated);');
    expect(comparisonText(together)).not.toContain('NaN');
  });
});

describe('what a model cannot measure', () => {
  const run = models[0] as CompletedRun;
  const real = measured[0] as CompletedRun;

  test('is an empty cell in the table of runs, and no row in the table of figures', () => {
    const { columns, rows } = exportTable([real, run], 'runs');
    for (const name of ['cpu.source.agentS', 'cpu.wan.guestS', 'memory.source.rssBytes', 'memory.destination.aboveTouchedBytes']) {
      const column = columns.indexOf(`measurement.${name}`);
      expect([name, rows[1]![column]]).toEqual([name, null]);
      expect(rows[0]![column]).toEqual(expect.any(Number));
    } // prettier-ignore
    const figuresOf = (result: RunResult) => {
      const table = exportTable([result], 'figures');
      return table.rows.map((row) => row[table.columns.indexOf('figure')]);
    };
    expect(figuresOf(real)).toContain('measurement.cpu.source.agentS');
    expect(figuresOf(run).filter((id) => /\.cpu\.|rssBytes|aboveTouched/.test(String(id)))).toEqual([]);
  });

  test('is described in words, and never shown as 0 or NaN', () => {
    expect(cpuShareText([run])).toBe("agents' and guest's CPU time was not measured");
    const used = { agentS: 1, guestS: 0 };
    const cpu = { source: used, destination: used, wan: used, observer: used };
    const measurement = { ...real.measurement, cpu, totalTimeMs: 10_000 };
    const environment = { ...real.environment, cpus: 1 };
    expect(cpuShareText([{ ...real, measurement, environment }])).toBe(
      "agents and guest took 40 % of the machine's CPU time",
    );
    const texts = judge(models).verdicts.map(({ explanation, measured: found }) => `${explanation} ${found}`);
    expect(texts.filter((text) => text.includes('NaN'))).toEqual([]);
  });

  test('is left out of a summary', () => {
    const unseen = {
      ...run,
      measurement: { ...run.measurement, observed: { ...run.measurement.observed, gapMs: null as never } },
    };
    expect(summaryOf(unseen, [])).not.toMatch(/NaN|undefined/);
    const gap = repeatSummaryOf([unseen, unseen]).split('\n').at(-1);
    expect(gap).toContain('not measured');
    expect(repeatSummaryOf([run, run])).not.toContain('not measured');
    const none = { ...run, measurement: null } as unknown as RunResult;
    expect(differenceText([none], [run])).toMatch(/total +– →/);
  });
});
