import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { escapeHtml } from '#harness/report/page/html';
import { compactJson } from '#harness/report/page/pack';
import { reportPage } from '#harness/report/page/index';
import { runArticle } from '#harness/report/page/run';
import type { CompletedRun, RunResult } from '#harness/result';
import { idsOf, inPageLinksOf, outsideOf } from '#test/support/page-links';
import { completedPaperResult } from '#test/support/paper-result';
import { reportInputOf } from '#test/support/report-input';
import { shownRuns } from '#test/support/shown-runs';
import { studies } from '#test/support/studies';

// A hundred drawings in one test, on a machine that others share.
jest.setTimeout(60_000);

const runs = shownRuns();
const hostile = `x"></title><script>alert(1)</script><img src=http://127.0.0.1/x onerror=alert(2)>'`;

describe('a page of both experiments', () => {
  let page: string;
  beforeAll(async () => {
    page = await reportPage(reportInputOf(runs));
  });

  test('has every section, and lists each in the contents', () => {
    for (const id of [
      'answer',
      'about',
      'checks',
      'contradictions',
      'method',
      'icclab-10g',
      'ulster-wan',
      'environment',
      'links',
      'failures',
      'runs',
    ]) {
      expect(idsOf(page)).toContain(id);
      expect(inPageLinksOf(page)).toContain(id);
    }
  });

  test('ids are unique and every link has its target', () => {
    const ids = idsOf(page);
    expect(new Set(ids).size).toBe(ids.length);
    expect(inPageLinksOf(page).filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('nothing is loaded from anywhere', () => {
    expect(outsideOf(page)).toEqual([]);
    expect(outsideOf('<img src="http://127.0.0.1/x"><style>a{background:url(x.png)}</style>')).toHaveLength(
      2,
    );
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).not.toContain('unsafe-inline');
  });

  test('figures are numbered consecutively, each with its table and its CSV', () => {
    const numbers = [...page.matchAll(/<h4>Figure (\d+)\./g)].map(([, number]) => Number(number));
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(page.match(/href="data:text\/csv/g)).toHaveLength(8);
    expect(page.match(/Data as a table/g)).toHaveLength(8);
  });

  test('every verdict is written out as a word', () => {
    const verdicts = reportInputOf(runs).judgement.verdicts;
    const words = [
      ...page.matchAll(/<span class="verdict \w+"><span aria-hidden="true">.<\/span> ([a-z ]+)<\/span>/g),
    ];
    for (const { verdict } of verdicts) expect(words.map(([, word]) => word)).toContain(verdict);
  });

  test('contains the whole result of each run', () => {
    const packed = [...page.matchAll(/\.json\.gz"\s+href="data:application\/gzip;base64,([^"]*)"/g)];
    const results = packed.map(
      ([, base64]) => JSON.parse(gunzipSync(Buffer.from(base64!, 'base64')).toString()) as unknown,
    );
    const ids = results.map((result) => (result as RunResult).runId).sort();
    expect(ids).toEqual(runs.map(({ runId }) => runId).sort());
    expect(results).toContainEqual(JSON.parse(compactJson(runs[0])));
  });

  test('failed runs are listed with their reasons, and have no timelines', () => {
    const failures = page.slice(page.indexOf('id="failures"'), page.indexOf('id="runs"'));
    const failed = runs.filter(({ state }) => state === 'failed');
    expect(failures.match(/NOT_CONVERGED<\/code>/g)?.length).toBe(failed.length + 1);
    expect(page.match(/class="timeline"/g)).toHaveLength(runs.length - failed.length);
  });
});

describe('an invalid run', () => {
  const completed = runs.find(({ state }) => state === 'completed')!;
  const invalid = {
    ...completed,
    state: 'invalid',
    measurement: null,
    error: { code: 'CROSS_CHECK_FAILED', message: 'two measurements disagree' },
    evidence: {
      source: null,
      destination: null,
      rounds: [],
      linkCuts: [],
      measurement: completed.measurement,
    },
  } as RunResult;

  test('says where its guest is, and what to do', async () => {
    const guest = { where: 'lost', detail: 'its host is gone', verified: false, unverified: 'no host', advice: 'run it again' }; // prettier-ignore
    const article = (await runArticle({ ...invalid, guest } as RunResult, 'run-1', 'a cell')).text;
    expect(article).toMatch(/<strong>guest<\/strong>: LOST, its host is gone/);
    expect(article).toMatch(/<strong>what to do<\/strong>: run it again/);
  });

  test('shows what it measured, with every line marked and no figure among the results', async () => {
    const article = (await runArticle(invalid, 'run-1', 'a cell')).text;
    expect(article).toContain('<dt>Total (invalid)</dt>');
    expect(article).not.toContain('<dt>Total</dt>');
    expect(article).toContain('<span class="glance">invalid: CROSS_CHECK_FAILED</span>');
    const sound = (await runArticle(completed, 'run-1', 'a cell')).text;
    expect(sound).toContain('<dt>Total</dt>');
    expect(sound).not.toContain('(invalid)');
  });
});

describe('hostile results', () => {
  const poisoned = (run: RunResult): RunResult =>
    ({
      ...run,
      runId: hostile,
      scenario: { ...run.scenario, name: hostile },
      environment: {
        ...run.environment,
        cpuModel: hostile,
        kernel: hostile,
        testbed: { [hostile]: hostile },
      },
      link: { ...run.link, profile: hostile },
      sweep:
        run.sweep === null
          ? null
          : { ...run.sweep, name: hostile, part: hostile, cell: { [hostile]: hostile } },
      ...(run.error === null ? {} : { error: { ...run.error, message: hostile, problems: [hostile] } }),
    }) as RunResult;

  test('bring in no element, no attribute and no address', async () => {
    const some = [runs[0]!, runs.find(({ state }) => state === 'failed')!].map(poisoned);
    const input = reportInputOf(some, hostile);
    const page = await reportPage({ ...input, judgement: { ...input.judgement, notes: [hostile] } });
    expect(page).toContain('&lt;script&gt;alert(1)');
    expect(page).not.toMatch(/<script>alert|<img|onerror=alert\(2\)>/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(outsideOf(page)).toEqual([]);
    const ids = idsOf(page);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('missing data is reported', () => {
  test('a run without series has panels that say so', async () => {
    const bare = completedPaperResult() as CompletedRun;
    const measurement = { ...bare.measurement, series: { link: [], progress: [], pings: [] } };
    const page = await reportPage(reportInputOf([{ ...bare, measurement, sweep: null }]));
    expect(page.match(/>not recorded</g)?.length).toBeGreaterThanOrEqual(3);
    expect(page).toContain('Not recorded: link');
    expect(page).toContain('>no demand faults<');
    expect(page).toContain('Single runs');
  });

  test('an experiment without runs is named, and has no check, no contradiction and no section', async () => {
    const input = reportInputOf(runs.filter(({ sweep }) => sweep?.experiment === 'icclab-10g'));
    const page = await reportPage(input);
    expect(input.absent).toContain('ulster-wan');
    expect(page).toContain(`No runs here of ${input.absent.join(', ')}`);
    expect(idsOf(page)).toContain('icclab-10g');
    expect(idsOf(page)).not.toContain('ulster-wan');
    expect(idsOf(page)).not.toContain('wan-total-time');
    const ofAbsent = studies.find(({ name }) => name === 'ulster-wan')!;
    expect(page).not.toContain(escapeHtml(ofAbsent.contradictions()[0]!.claim));
    const idsOfAbsent = ofAbsent.trends.flatMap(({ checks }) => checks.map(({ id }) => `check-${id}`));
    expect(idsOf(page).filter((id) => idsOfAbsent.includes(id))).toEqual([]);
    // With runs of it, all of these are there.
    const whole = await reportPage(reportInputOf(runs));
    expect(idsOf(whole)).toEqual(expect.arrayContaining(idsOfAbsent));
    expect(whole).toContain(escapeHtml(ofAbsent.contradictions()[0]!.claim));
  });

  test('runs of no study have a sentence in place of checks, contradictions and experiments', async () => {
    const own = runs.slice(0, 2).map((run) => ({ ...run, sweep: null }));
    const page = await reportPage(reportInputOf(own));
    expect(page).toMatch(/No run here repeats an experiment of a study \(.*icclab-10g.*ulster-wan.*\)/);
    for (const id of ['checks', 'contradictions', 'icclab-10g', 'ulster-wan']) {
      expect(idsOf(page)).not.toContain(id);
      expect(inPageLinksOf(page)).not.toContain(id);
    }
    expect(page).not.toMatch(/not measured|published/);
  });

  test('a run of a study that ended before its link still has its study on the page', async () => {
    const failed = runs.find(({ state }) => state === 'failed')!;
    const early = { ...failed, driver: null, link: { ...failed.link, backend: null } };
    const page = await reportPage(reportInputOf([early]));
    expect(idsOf(page)).toEqual(expect.arrayContaining(['checks', 'icclab-10g']));
    expect(page).toContain('No run of this experiment came as far as its link.');
  });

  test('without a single verdict or completed run there still is a page', async () => {
    const failed = runs.filter(({ state }) => state === 'failed').slice(0, 2);
    const input = reportInputOf(failed);
    const page = await reportPage({
      ...input,
      judgement: { ...input.judgement, verdicts: [], contradictions: [] },
    });
    expect(page).toContain('No check was made on this result set.');
    expect(page).toContain('None listed.');
  });
});

test('results of different testbeds are kept apart, each with their own figures and checks', async () => {
  const part = runs.filter(({ sweep }) => sweep?.part === 'hybrid');
  const others = part.map((run) => ({ ...run, driver: 'docker' as const, runId: `${run.runId}-docker` }));
  const page = await reportPage(reportInputOf([...part, ...others]));
  expect(idsOf(page)).toEqual(
    expect.arrayContaining(['hybrid-total-time', 'hybrid-total-time-2', 'check-1a', 'check-1a-2']),
  );
  expect(page.match(/Measured with driver/g)).toHaveLength(2);
  expect(inPageLinksOf(page).filter((id) => !idsOf(page).includes(id))).toEqual([]);
});
