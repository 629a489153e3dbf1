import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { noBrowser, openWatched } from '../support/browser.ts';
import { variedFailure, variedRun } from '../support/varied-runs.ts';
import { drawingWords, faintTexts, marksOf, overflow, scaleOf, unfoldAll } from './in-page.js';
import type { OpenedReport } from './opened-report.ts';
import { openReport } from './opened-report.ts';

const longName = `a-label-${'of-many-words-'.repeat(8)}and-one-${'x'.repeat(200)}`;

/** Two strategies along an axis, of which one never completed at its end; then one without numbers, and one run. */
const own: RunResult[] = [
  ...[0, 512, 1024, 8192].flatMap((stressMB) =>
    ['pre-copy', 'hybrid'].flatMap((strategy) =>
      [0, 1, 2].map((repeat) =>
        strategy === 'pre-copy' && stressMB === 8192
          ? variedFailure({ strategy, cell: { strategy, stressMB }, repeat })
          : variedRun({
              ...{ strategy, cell: { strategy, stressMB }, repeat },
              totalTimeMs: 1000 + stressMB * (repeat + 1),
            }),
      ),
    ),
  ),
  ...[longName, 'short'].map((kind) => variedRun({ cell: { [longName]: kind } })),
  variedRun({ strategy: 'post-copy' }),
];

/** The top of a page of runs that are no study's, as a reader sees it. */
const ownRuns = (): void => {
  let report: OpenedReport;
  beforeAll(async () => {
    report = await openReport(own);
  });
  afterAll(() => report.close());

  const at = (width: number) => openWatched(report.browser, report.url, { viewport: { width, height: 800 } });

  test('the answer is in the first window, and its figures have marks and words', async () => {
    const { page, requests, complaints } = await at(1280);
    expect((await page.locator('#answer .answer').first().boundingBox())?.y).toBeLessThan(400);
    for (const id of ['answer-figure', 'answer-figure-2']) {
      const marks = await page.locator(`#${id} .wide svg`).evaluate(marksOf);
      expect(marks.filter(({ isSized }) => isSized).length).toBeGreaterThan(4);
      expect(marks.every(({ isInked }) => isInked)).toBe(true);
    }
    for (const [title, description] of await page.evaluate(drawingWords)) {
      expect(title?.length).toBeGreaterThan(10);
      expect(description?.length).toBeGreaterThan(20);
    }
    expect([...requests, ...complaints]).toEqual([]);
    await page.close();
  });

  test.each([320, 390, 768, 1280])('nothing overflows a page of %d px, folded or not', async (width) => {
    const { page } = await at(width);
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    await page.evaluate(unfoldAll);
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    await page.close();
  });

  test('a narrow screen gets the narrow drawings, barely scaled down', async () => {
    const { page } = await at(390);
    for (const id of ['answer-figure', 'answer-figure-2']) {
      expect(await page.locator(`#${id} .wide svg`).isVisible()).toBe(false);
      expect(await page.locator(`#${id} .narrow svg`).evaluate(scaleOf)).toBeGreaterThan(0.9);
    }
    await page.close();
  });

  test.each(['light', 'dark'] as const)('its text has contrast in the %s scheme', async (colorScheme) => {
    const { page } = await openWatched(report.browser, report.url, { colorScheme });
    expect(await page.evaluate(faintTexts)).toEqual([]);
    await page.close();
  });
};

if (noBrowser !== null) test.skip(`the answer in a browser: ${noBrowser}`, () => undefined);
else describe('the answer in a browser', ownRuns);
