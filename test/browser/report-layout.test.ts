import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { noBrowser, openWatched } from '../support/browser.ts';
import { shownRuns } from '../support/shown-runs.ts';
import { figureIds } from './figure-ids.ts';
import { addText, background, faintTexts, overflow, scaleOf, scrolledTo, unfoldAll } from './in-page.js';
import type { OpenedReport } from './opened-report.ts';
import { openReport } from './opened-report.ts';

const layout = (): void => {
  let report: OpenedReport;
  beforeAll(async () => {
    report = await openReport(shownRuns());
  });
  afterAll(() => report.close());

  const at = async (width: number) =>
    (await openWatched(report.browser, report.url, { viewport: { width, height: 800 } })).page;

  test.each([320, 390, 768, 1280])('nothing overflows a page of %d px, folded or not', async (width) => {
    const page = await at(width);
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    await page.evaluate(unfoldAll);
    expect(await page.evaluate(overflow)).toBeLessThanOrEqual(0);
    await page.evaluate(addText, {
      text: 'x'.repeat(5000),
      style: { overflowWrap: 'normal', maxWidth: 'none' },
    });
    expect(await page.evaluate(overflow)).toBeGreaterThan(0);
    await page.close();
  });

  test.each([390, 360])('at %d px the narrow drawings are shown, barely scaled down', async (width) => {
    const page = await at(width);
    for (const id of figureIds) {
      expect(await page.locator(`#${id} .wide svg`).isVisible()).toBe(false);
      expect(await page.locator(`#${id} .narrow svg`).evaluate(scaleOf)).toBeGreaterThan(0.9);
    }
    await page.close();
  });

  test('a table that scrolls can be reached and scrolled by keyboard', async () => {
    const page = await at(390);
    await page.locator('#checks .scroll').focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForTimeout(500);
    expect(await page.evaluate(scrolledTo, '#checks .scroll')).toBeGreaterThan(0);
    await page.close();
  });

  test('a dark screen gets a dark page, paper a light one', async () => {
    const of = async (colorScheme: 'light' | 'dark', media: 'screen' | 'print'): Promise<string> => {
      const page = await at(1280);
      await page.emulateMedia({ media, colorScheme });
      const colour = await page.evaluate(background);
      await page.close();
      return colour;
    };
    const light = await of('light', 'screen');
    expect(light).toBe('rgb(255, 255, 255)');
    expect(await of('dark', 'screen')).not.toBe(light);
    expect(await of('dark', 'print')).toBe(light);
  });

  test.each(['light', 'dark'] as const)(
    'all text has a contrast of at least 4.5 in the %s scheme',
    async (colorScheme) => {
      const { page } = await openWatched(report.browser, report.url, { colorScheme });
      await page.evaluate(unfoldAll);
      expect(await page.evaluate(faintTexts)).toEqual([]);
      await page.evaluate(addText, {
        text: 'hardly there',
        style: { color: '#888888', backgroundColor: '#808080' },
      });
      expect(await page.evaluate(faintTexts)).toEqual(['hardly there']);
      await page.close();
    },
  );
};

if (noBrowser !== null) test.skip(`layout of the report: ${noBrowser}`, () => undefined);
else describe('layout of the report', layout);
