/**
 * `npm run site`: builds the documentation as a site, `site/dist/`, from the Markdown of this repository. The pages stay
 * readable as Markdown: what only a site needs (its menu, links without their targets) is made here, from docs/README.md.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, glob, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chdir, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeDirectories } from '#harness/files/places';
import { menuOf, pageText, placeOf, titleOf } from './site-pages.ts';

const run = promisify(execFile);
const stage = 'site/.stage';
const out = 'site/dist';
const contents = 'docs/README.md';
const builder = 'site/node_modules/vitepress/bin/vitepress.js';
const stepTimeoutMs = 300_000;

const pagesOf = async (): Promise<Map<string, string>> => {
  const paths = await Array.fromAsync(glob(['*.md', 'docs/**/*.md', 'studies/*/*.md']));
  return new Map(await Promise.all(paths.sort().map(async (path) => [path, await readFile(path, 'utf8')] as const)));
}; // prettier-ignore

const write = async (path: string, text: string): Promise<void> => {
  await makeDirectories(dirname(path));
  await writeFile(path, text);
};

const stagePages = async (pages: ReadonlyMap<string, string>): Promise<void> => {
  await rm(stage, { recursive: true, force: true });
  for (const [path, text] of pages) await write(join(stage, placeOf(path)), pageText(path, text, [...pages.keys()]));
  for await (const drawing of glob('studies/*/*.svg')) await cp(drawing, join(stage, drawing));
  const { description, version } = JSON.parse(await readFile('package.json', 'utf8')) as Record<string, string>;
  const config = {
    title: 'livemig',
    description,
    outDir: fileURLToPath(new URL(`../${out}`, import.meta.url)),
    // It is as true as the last commit that touched the page.
    cleanUrls: false,
    themeConfig: {
      search: { provider: 'local' },
      outline: 'deep',
      nav: [
        { text: 'Tutorial', link: '/docs/tutorial' },
        { text: 'Documentation', link: '/docs/' },
        { text: `Version ${version ?? ''}`, link: '/CHANGELOG' },
      ],
      sidebar: menuOf(contents, pages),
      footer: { message: 'Apache-2.0' },
    },
  };
  await write(join(stage, '.vitepress/config.mjs'), `export default ${JSON.stringify(config, null, 2)};\n`);
}; // prettier-ignore

chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!existsSync(builder)) await run('npm', ['ci', '--prefix', 'site'], { timeout: stepTimeoutMs });
const pages = await pagesOf();
await stagePages(pages);
try {
  // A link without a page ends the build.
  await run(execPath, [builder, 'build', stage], { timeout: stepTimeoutMs });
} catch (error) {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  console.error(`${stdout}${stderr}`);
  throw error;
}
console.log(`${out}/index.html: ${titleOf(pages.get('README.md') ?? '')}, ${pages.size} pages`);
