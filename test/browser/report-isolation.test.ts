import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { noBrowser, openWatched } from '../support/browser.ts';
import { shownRuns } from '../support/shown-runs.ts';
import type { OpenedReport } from './opened-report.ts';
import { openReport } from './opened-report.ts';

/**
 * Negative controls: fetches of a page are noticed, and the report's policy stops even injected content from fetching.
 */
const isolation = (): void => {
  let report: OpenedReport;
  let server: Server;
  let origin: string;
  const served: string[] = [];

  beforeAll(async () => {
    report = await openReport(shownRuns().slice(0, 2));
    server = createServer((request, response) => {
      served.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await report.close();
  });

  test('the recorder notices an image being fetched', async () => {
    const bad = await report.write('bad.html', `<!doctype html><img src="${origin}/seen.png">`);
    const { page, requests } = await openWatched(report.browser, bad);
    expect(requests).toEqual([`${origin}/seen.png`]);
    expect(served).toEqual(['/seen.png']);
    await page.close();
  });

  test('a report fetches nothing, not even an image or script injected into it', async () => {
    served.length = 0;
    const text = await readFile(new URL(report.url), 'utf8');
    const injected =
      `<img src="${origin}/x.png"><script src="${origin}/x.js"></script>` +
      `<script>document.title = 'taken'</script></body>`;
    const url = await report.write('injected.html', text.replace('</body>', injected));
    const { page, complaints } = await openWatched(report.browser, url);
    expect(served).toEqual([]);
    expect(await page.title()).toBe('A report');
    expect(complaints).toHaveLength(3);
    expect(complaints.join('\n')).toMatch(/img-src/);
    expect(complaints.join('\n')).toMatch(/script-src/);
    await page.close();
  });
};

if (noBrowser !== null) test.skip(`isolation of the report: ${noBrowser}`, () => undefined);
else describe('isolation of the report', isolation);
