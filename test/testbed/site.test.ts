import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { noRegistry } from '../support/installed-package.ts';

/** The documentation as a site. Its builder ends with an error at a link that leads nowhere. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const call = promisify(execFile);
const unavailable = await noRegistry();

if (unavailable !== null) test.skip(`the documentation's site: ${unavailable}`, () => undefined);
else
  describe("the documentation's site", () => {
    test('is built from the repository', async () => {
      const { stdout } = await call('npm', ['run', 'site'], { cwd: root, timeout: 300_000 });
      expect(stdout).toMatch(/site\/dist\/index\.html: livemig, \d+ pages/);
      const page = await readFile(join(root, 'site/dist/docs/tutorial.html'), 'utf8');
      // Its own text, the menu with another page's title, and a link to it.
      expect(page).toContain('ten minutes');
      expect(page).toMatch(/href="\/docs\/scenarios(?:\.html)?"/);
      expect((await stat(join(root, 'site/dist/studies/modcs-service/agreement.html'))).isFile()).toBe(true);
    }, 400_000);
  });
