import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { plotFiles } from '#harness/report/page/plot-files';
import { noBrowser, openWatched } from '../support/browser.ts';
import { shownRuns } from '../support/shown-runs.ts';
import { studies } from '../support/studies.ts';
import { figureIds } from './figure-ids.ts';
import { imageWidths } from './in-page.js';
import type { OpenedReport } from './opened-report.ts';
import { openReport } from './opened-report.ts';

/** Stand-alone plots as a README shows them: as images, which browsers read as strict XML. */
const asImages = (): void => {
  let report: OpenedReport;
  beforeAll(async () => {
    report = await openReport([]);
  });
  afterAll(() => report.close());

  const widthsOf = async (names: readonly string[]): Promise<number[]> => {
    const images = names.map((name) => `<img src="${name}" alt="">`).join('');
    const url = await report.write('readme.html', `<!doctype html>${images}`);
    const { page } = await openWatched(report.browser, url);
    const widths = await page.evaluate(imageWidths);
    await page.close();
    return widths;
  };

  test('each file is read at its own width', async () => {
    const files = await plotFiles(shownRuns(), studies);
    for (const { name, text } of files) await report.write(name, text);
    expect(files.map(({ name }) => name)).toEqual(figureIds.map((id) => `${id}.svg`));
    for (const width of await widthsOf(files.map(({ name }) => name))) expect(width).toBeGreaterThan(600);
  });

  test('a drawing that is not well-formed is noticed', async () => {
    const [file] = await plotFiles(shownRuns(), studies);
    await report.write('broken.svg', file!.text.replace('<text ', '<text title="a < b" '));
    expect(await widthsOf(['broken.svg'])).toEqual([0]);
  });
};

if (noBrowser !== null) test.skip(`stand-alone plots: ${noBrowser}`, () => undefined);
else describe('stand-alone plots', asImages);
