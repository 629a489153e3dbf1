import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { reportPage } from '#harness/report/page/index';
import type { RunResult } from '#harness/result';
import { launchBrowser } from '../support/browser.ts';
import { reportInputOf } from '../support/report-input.ts';

/** A report as a file, and a browser to open it in. */
export interface OpenedReport {
  url: string;
  browser: Browser;
  /** Writes a further file beside it. @returns its address */
  write(name: string, text: string): Promise<string>;
  close(): Promise<void>;
}

export const openReport = async (runs: readonly RunResult[]): Promise<OpenedReport> => {
  const directory = await mkdtemp(join(tmpdir(), 'livemig-report-'));
  const write = async (name: string, text: string): Promise<string> => {
    const file = join(directory, name);
    await writeFile(file, text);
    return pathToFileURL(file).href;
  };
  const url = await write('report.html', await reportPage(reportInputOf(runs)));
  const browser = await launchBrowser();
  return {
    url,
    browser,
    write,
    close: async () => {
      await browser.close();
      await rm(directory, { recursive: true });
    },
  };
};

/** Clicks a link and reads what it downloads. */
export const download = async (page: Page, link: Locator): Promise<{ name: string; text: string }> => {
  const [started] = await Promise.all([page.waitForEvent('download'), link.click()]);
  return { name: started.suggestedFilename(), text: await readFile(await started.path(), 'utf8') };
};
