import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { checkInThread } from '#harness/conformance/check-thread';
import type { Section } from '#harness/scenario';
import { loadScenario } from '#harness/scenario';
import { importInThread, loadStrategy } from '#harness/strategy-file';
import type { LivemigError } from '#proto/errors';
import { strategyTextMaxBytes } from '#proto/strategy';

const directory = mkdtempSync(join(tmpdir(), 'livemig-strategy-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const written = (text: string): string => {
  const file = join(directory, 'mine.mjs');
  writeFileSync(file, text);
  return file;
};

const sound = "export default { name: 'mine', migrate: async () => undefined };";

describe('a strategy file is imported where it can do no harm', () => {
  test('a sound one is known by its name and digest', async () => {
    expect(await loadStrategy(written(sound))).toMatchObject({
      name: 'mine',
      text: sound,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test('the traits it declares decide which settings are refused as having no effect', async () => {
    const traits = "{ postcopy: false, rounds: ({ maxRounds }) => maxRounds > 5 || 'mine has one round' }";
    const file = written(sound.replace("name: 'mine',", `name: 'mine', traits: ${traits},`));
    const problemsOf = (overrides: Section): Promise<unknown> =>
      loadScenario(undefined, { strategy: file, ...overrides }).then(
        () => [],
        (error: unknown) => (error as LivemigError).problems,
      );
    expect(await problemsOf({ limits: { maxPostcopyBandwidthMbps: 9, maxRounds: 5 }, capabilities: 'xbzrle' })).toEqual([
      expect.stringMatching(/^limits\.maxPostcopyBandwidthMbps: .*mine\.mjs has no post-copy/),
      'capabilities: xbzrle: mine has one round',
    ]); // prettier-ignore
    expect(await problemsOf({ limits: { maxRounds: 6 }, capabilities: 'xbzrle' })).toEqual([]);
    written(sound);
    expect(await problemsOf({ limits: { maxPostcopyBandwidthMbps: 9 } })).toEqual([]);
    written(sound.replace("name: 'mine',", "name: 'mine', traits: { postcopy: 'no' },"));
    expect(await problemsOf({})).toEqual([expect.stringMatching(/found postcopy, a string$/)]);
  });

  test.each([
    ['throws nothing', 'throw null;', /its import throws null/],
    ['throws what has no text', 'throw Object.create(null);', /its import throws a value without a text/],
    ['throws an error', "throw new Error('mine');", /mine\.mjs: mine$/],
    ['exits', `process.exit(0); ${sound}`, /must not end its process.*process\.exit/],
    [
      'exits by another name',
      `import p from 'node:process'; p.reallyExit(0); ${sound}`,
      /must not end its process/,
    ],
    [
      'exits from the depth',
      `const call = (act) => [0].map(() => act()); const deep = (n, act) => (n > 0 ? call(() => deep(n - 1, act)) : act()); deep(20, process.exit); ${sound}`,
      /must not end its process/,
    ],
    ['awaits what never comes', `await new Promise(() => undefined); ${sound}`, /never ends/],
    [
      'fails where nobody waits',
      `setTimeout(() => { throw new Error('late'); }); await new Promise(() => undefined); ${sound}`,
      /late/,
    ],
  ])('one that %s is refused', async (_, text, told) => {
    const file = written(text);
    await expect(loadStrategy(file)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringMatching(told)],
    });
  });

  test('one that loops at its top level is ended', async () => {
    const looping = { file: 'mine.mjs', text: `for (;;); ${sound}` };
    await expect(importInThread(looping, [], 500)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/did not end within 0\.5 s/),
    });
  });

  test('what it leaves behind does not reach the harness', async () => {
    const file = written(`setTimeout(() => { throw new Error('later'); }, 50); ${sound}`);
    expect((await loadStrategy(file)).name).toBe('mine');
    await new Promise((resolve) => setTimeout(resolve, 100));
  });

  test.each([10, 20, 30, 40, 50])(
    'nor where the harness hears of both at once, %i ms between them',
    async (laterMs) => {
      const failing = join(directory, `failing-${laterMs}`);
      const fail = `writeFileSync(${JSON.stringify(failing)}, ''); throw new Error('later');`;
      const text = `import { writeFileSync } from 'node:fs'; setTimeout(() => { ${fail} }, ${laterMs}); ${sound}`;
      const importing = importInThread({ file: 'mine.mjs', text });
      const idle = new Int32Array(new SharedArrayBuffer(4));
      for (let tries = 0; tries < 10_000 && !existsSync(failing); tries++) Atomics.wait(idle, 0, 0, 1);
      expect((await importing).name).toBe('mine');
    },
  );

  test('an endless file is not read to its end', async () => {
    await expect(loadStrategy('/dev/zero')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringMatching(/expected at most 524288 bytes/)],
    });
  });

  test('one that exits during a migration fails every case, and the check still ends', async () => {
    const text = "export default { name: 'mine', migrate: async () => { process.exit(0); } };";
    const { findings } = await checkInThread({ file: 'mine.mjs', text });
    expect(findings[0]!.problem).toMatch(/must not end its process/);
  });
});

test('a strategy that no agent would accept is refused before anything runs', async () => {
  const file = written(`${sound} //${'x'.repeat(strategyTextMaxBytes)}`);
  await expect(loadStrategy(file)).rejects.toMatchObject({ code: 'BAD_INPUT' });
});
