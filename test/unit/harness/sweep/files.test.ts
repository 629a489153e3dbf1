import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { LivemigError } from '#proto/errors';
import { preparedSweep } from '#test/support/prepared-sweep';

const directory = mkdtempSync(join(tmpdir(), 'livemig-sweep-files-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const at = (name: string): string => join(directory, name);

const traits = "{ postcopy: false, rounds: ({ maxRounds }) => maxRounds > 5 || 'mine has one round' }";
writeFileSync(
  at('mine.mjs'),
  `export default { name: 'mine', traits: ${traits}, migrate: async () => undefined };`,
);

const problemsOf = (parts: string): Promise<unknown> => {
  writeFileSync(
    at('sweep.yaml'),
    `name: a\nexperiment: null\nguestScale: 1\nrepeats: 1\nseed: 1\nbase: { link: lan-1g }\nparts:\n${parts}`,
  );
  return preparedSweep(at('sweep.yaml')).then(
    () => [],
    (error: unknown) => (error as LivemigError).problems,
  );
};

test("a strategy file's traits refuse the cells with settings of no effect, each by its own limits", async () => {
  expect(
    await problemsOf(`  one:
    scenario: { strategy: ${at('mine.mjs')}, capabilities: xbzrle }
    grid: { limits.maxRounds: [5, 6, 7] }
  two:
    scenario: { strategy: ${at('mine.mjs')}, limits: { maxPostcopyBandwidthMbps: 9 } }
    grid: { guest.vcpus: [1, 2] }
`),
  ).toEqual([
    expect.stringMatching(/sweep\.yaml:9.*capabilities: xbzrle: mine has one round \(one limits\.maxRounds=5\)$/),
    expect.stringMatching(/sweep\.yaml:12.*mine\.mjs has no post-copy.*\(two guest\.vcpus=1 and 1 more\)$/),
  ]); // prettier-ignore
});

test('a file whose traits allow every cell is run', async () => {
  expect(
    await problemsOf(`  one:
    scenario: { strategy: ${at('mine.mjs')}, capabilities: xbzrle }
    grid: { limits.maxRounds: [6, 7] }
`),
  ).toEqual([]);
});

test('missing files are reported once, before anything runs', async () => {
  expect(
    await problemsOf(`  one:
    scenario: { strategy: ${at('gone.mjs')} }
    grid: { link: [lan-1g, ${at('gone.yaml')}], limits.maxRounds: [6, 7] }
`),
  ).toEqual([expect.stringContaining('gone.yaml'), expect.stringContaining('gone.mjs')]);
});
