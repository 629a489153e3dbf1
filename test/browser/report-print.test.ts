import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noBrowser, openWatched } from '../support/browser.ts';
import { shownRuns } from '../support/shown-runs.ts';
import { variedRun } from '../support/varied-runs.ts';
import { overflow } from './in-page.js';
import type { OpenedReport } from './opened-report.ts';
import { openReport } from './opened-report.ts';

/** What is left of A4 between the margins of the print style, in CSS px (96 per inch). */
const paper = {
  width: Math.floor(((210 - 2 * 16) / 25.4) * 96),
  height: Math.floor(((297 - 2 * 18) / 25.4) * 96),
};

const printed = async (report: OpenedReport) => {
  const { page } = await openWatched(report.browser, report.url, { viewport: paper });
  await page.emulateMedia({ media: 'print' });
  return page;
}; // prettier-ignore

const onPaper = (): void => {
  let study: OpenedReport;
  let few: OpenedReport;
  beforeAll(async () => {
    study = await openReport(shownRuns());
    few = await openReport(['hybrid', 'post-copy'].map((strategy) => variedRun({ strategy })));
  });
  afterAll(async () => {
    await study.close();
    await few.close();
  });

  test('the answer and the first figure are on the first page, whole', async () => {
    for (const report of [study, few]) {
      const page = await printed(report);
      const figure = await page.locator('figure svg:visible').first().boundingBox();
      expect(figure).not.toBeNull();
      expect(figure!.y + figure!.height).toBeLessThan(paper.height);
      expect((await page.locator('#answer h2').boundingBox())!.y).toBeLessThan(figure!.y);
      await page.close();
    }
  });

  test('nothing is wider than the paper', async () => {
    for (const report of [study, few]) {
      const page = await printed(report);
      expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
      await page.close();
    }
  });

  test('what is folded on a screen is there: explanations, cells, and every run', async () => {
    const page = await printed(study);
    for (const selector of ['.explanation > :not(summary)', '#runs .group > .run > summary'])
      for (const each of await page.locator(selector).all()) expect(await each.isVisible()).toBe(true);
    await page.close();
    const own = await printed(few);
    const facts = await own.locator('#runs .run-facts').all();
    expect(facts).toHaveLength(2);
    for (const each of facts) expect(await each.isVisible()).toBe(true);
    // On a screen they are folded (negative control).
    await own.emulateMedia({ media: 'screen' });
    expect(await own.locator('#runs .run-facts').first().isVisible()).toBe(false);
    await own.close();
  });
};

if (noBrowser !== null) test.skip(`the report on paper: ${noBrowser}`, () => undefined);
else describe('the report on paper', onPaper);
