import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { checkInThread } from '../../../harness/conformance/check-thread.ts';
import { loadStrategy } from '../../../harness/strategy-file.ts';
import { importInThread } from '../../../harness/strategy-thread.ts';

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

describe('a strategy’s file is imported where it can do no harm', () => {
  test('a sound one has its name and digest', async () => {
    expect(await loadStrategy(written(sound))).toMatchObject({
      name: 'mine',
      text: sound,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
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

  test('one that loops at its top is ended', async () => {
    const looping = { file: 'mine.mjs', text: `for (;;); ${sound}` };
    await expect(importInThread(looping, 500)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(/did not end within 0\.5 s/),
    });
  });

  test('what it leaves behind does not reach the harness', async () => {
    const file = written(`setTimeout(() => { throw new Error('later'); }, 50); ${sound}`);
    expect((await loadStrategy(file)).name).toBe('mine');
    await new Promise((resolve) => setTimeout(resolve, 100));
  });

  test('one without end is not read to its end', async () => {
    await expect(loadStrategy('/dev/zero')).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringMatching(/expected at most 1048576 bytes/)],
    });
  });

  test('one that exits while it migrates fails every case, and the check ends', async () => {
    const text = "export default { name: 'mine', migrate: async () => { process.exit(0); } };";
    const findings = await checkInThread({ file: 'mine.mjs', text });
    expect(findings[0]!.problem).toMatch(/must not end its process/);
  });
});
