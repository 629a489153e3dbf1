import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { compactJson } from '#harness/report/page/pack';
import { timelineCsv } from '#harness/report/plots/timeline-csv';
import type { Watched } from '../support/browser.ts';
import { noBrowser, openWatched } from '../support/browser.ts';
import { parseCsv } from '../support/csv.ts';
import { shownRuns } from '../support/shown-runs.ts';
import { figureIds } from './figure-ids.ts';
import { drawingWords, hasText, inPageTargets, marksOf } from './in-page.js';
import type { OpenedReport } from './opened-report.ts';
import { download, openReport } from './opened-report.ts';

const runs = shownRuns();
const rounded = (value: unknown): unknown => JSON.parse(compactJson(value));

/** A reader with a wide screen who looks at everything, in this order; at the end nothing was fetched. */
const wideReport = (): void => {
  let report: OpenedReport;
  let watched: Watched;
  let page: Page;

  beforeAll(async () => {
    report = await openReport(runs);
    watched = await openWatched(report.browser, report.url);
    page = watched.page;
  });
  afterAll(() => report.close());

  test.each(figureIds)('%s is drawn in its wide form, with visible marks', async (id) => {
    const drawing = page.locator(`#${id} .wide svg`);
    const box = await drawing.boundingBox();
    expect(box?.width).toBeGreaterThan(400);
    expect(box?.height).toBeGreaterThan(100);
    expect(await page.locator(`#${id} .narrow svg`).isVisible()).toBe(false);
    const marks = await drawing.evaluate(marksOf);
    expect(marks.filter(({ isSized }) => isSized).length).toBeGreaterThan(4);
    // A variable that nobody defined would leave `none`.
    expect(marks.every(({ isInked }) => isInked)).toBe(true);
  });

  test('drawings have a name and a description for screen readers', async () => {
    const words = await page.evaluate(drawingWords);
    expect(words.length).toBeGreaterThan(figureIds.length * 2);
    for (const [title, description] of words) {
      expect(title?.length).toBeGreaterThan(10);
      expect(description?.length).toBeGreaterThan(20);
    }
  });

  test('every link within the page has exactly one target', async () => {
    const targets = await page.evaluate(inPageTargets);
    expect(targets.length).toBeGreaterThan(50);
    expect(targets.filter(({ count }) => count !== 1)).toEqual([]);
  });

  test('a link to a run unfolds the section that hides it', async () => {
    const link = page.locator('#failures tbody a').first();
    const target = page.locator((await link.getAttribute('href')) ?? '');
    expect(await target.locator('.run-body').isVisible()).toBe(false);
    await link.click();
    await target.locator('.run-body').waitFor({ state: 'visible' });
    expect(await target.locator('.failure').first().textContent()).toContain('NOT_CONVERGED');
  });

  test.each(figureIds)('the CSV of %s parses, with the same number of columns in every row', async (id) => {
    const { name, text } = await download(page, page.locator(`#${id} a.download`));
    expect(name).toBe(`${id}.csv`);
    const [head, ...rows] = parseCsv(text);
    expect(rows.length).toBeGreaterThan(1);
    for (const row of rows) expect(row).toHaveLength(head!.length);
  });

  test('the CSV and the table on the page say the same', async () => {
    const { text } = await download(page, page.locator('#hybrid-total-time a.download'));
    const [head, ...rows] = parseCsv(text);
    const value = head!.indexOf('total_time_s');
    const inCsv = rows.filter((row) => row[1] === '1 Gb/s, published').map((row) => Number(row[value]));
    const column = page.locator('#hybrid-total-time .data tbody tr td:nth-child(2)');
    const inTable = (await column.allTextContents()).map((cell) => parseFloat(cell));
    expect(inCsv).toEqual([11.9, 28.9, 47, 64.4, 81.3, 96.3, 116.4, 133.4, 151.8]);
    expect(inTable).toEqual(inCsv);
  });

  test('a run’s timeline and result are unpacked, and belong to that run', async () => {
    const run = runs.find((each) => each.state === 'completed')!;
    const id = `run-${run.runId.toLowerCase()}`;
    // A separate page: Chromium blocks further downloads after a dozen from one.
    const fresh = await openWatched(report.browser, report.url);
    await fresh.page.goto(`${report.url}#${id}`);
    const article = fresh.page.locator(`#${id}`);
    await article.locator('.timeline svg').waitFor({ state: 'visible' });
    const timeline = await download(fresh.page, article.locator('.timeline-csv'));
    expect(timeline.name).toBe(`${id}-timeline.csv`);
    const [head, ...rows] = parseCsv(timeline.text);
    expect([head, ...rows]).toEqual(parseCsv(timelineCsv(run)));
    expect(rows.filter(([series]) => series === 'remaining_bytes')).toHaveLength(61);
    await article.locator('.raw > summary').click();
    await fresh.page.waitForFunction(hasText, `#${id} pre`);
    expect(JSON.parse((await article.locator('pre').textContent()) ?? '')).toEqual(rounded(run));
    const result = await download(fresh.page, article.locator('.raw a.download'));
    expect(result.name).toBe(`${id}.json`);
    expect(JSON.parse(result.text)).toEqual(rounded(run));
    expect([...fresh.requests, ...fresh.complaints]).toEqual([]);
    await fresh.page.close();
  });

  test('none of that fetched anything or logged an error', () => {
    expect(watched.requests).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });
};

if (noBrowser !== null) test.skip(`the report in a browser: ${noBrowser}`, () => undefined);
else describe('the report in a browser', wideReport);
