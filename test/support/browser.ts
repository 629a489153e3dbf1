import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

/** Debian's; the runner installs it if it may. */
const executablePath = '/usr/bin/chromium';

/** Why there is no browser here; null = there is one. */
export const noBrowser: string | null = existsSync(executablePath)
  ? null
  : `no ${executablePath}; apt-get install chromium`;

/** Playwright gives it an empty profile; nothing in it calls home. */
export const launchBrowser = async (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });

/** What a page did that it should not. */
export interface Watched {
  page: Page;
  /** Addresses that it requested, other than its own file and embedded data. */
  requests: string[];
  /** Errors and warnings of its console, and what it threw. */
  complaints: string[];
}

const isOwn = (url: string, own: string): boolean => url === own || /^(?:data|blob):/.test(url);

/** Opens a file and records all that it requests. */
export const openWatched = async (
  browser: Browser,
  url: string,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<Watched> => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!isOwn(request.url(), url)) requests.push(request.url());
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, requests, complaints };
};
