import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadScenario } from '#harness/scenario';

const scenarios = fileURLToPath(new URL('../../../../scenarios/', import.meta.url));
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-scenario-'));
});
afterAll(() => rm(directory, { recursive: true }));

const write = async (text: string): Promise<string> => {
  const file = join(directory, 'mine.yaml');
  await writeFile(file, text);
  return file;
};

describe('loadScenario', () => {
  test('every scenario of the project is valid, and named like its file', async () => {
    const files = (await readdir(scenarios)).filter((file) => file.endsWith('.yaml'));
    expect(files).toContain('start.yaml');
    for (const file of files)
      expect(await loadScenario(join(scenarios, file), {})).toMatchObject({
        name: file.replace('.yaml', ''),
      });
  });

  test('a sweep is recognised as such', async () => {
    await expect(loadScenario(join(scenarios, '../studies/icclab-10g/full.yaml'), {})).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('livemig sweep')],
    });
  });

  test('a scenario without a name is named after its file', async () => {
    expect((await loadScenario(await write('link: lan-1g\n'), {})).name).toBe('mine');
  });

  test('problems of the command line, the file and its syntax come together', async () => {
    const file = await write('link: [unclosed\n');
    await expect(loadScenario(file, { repeat: 'x' }, ['unknown option --foo'])).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [
        'unknown option --foo',
        expect.stringContaining('line 2'),
        expect.stringMatching(/^repeat: /),
      ],
    });
  });

  test('a file that is not there', async () => {
    await expect(loadScenario(join(directory, 'none.yaml'), {})).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('there is no such file')],
    });
  });

  test('a profile file is read together with the scenario', async () => {
    const link = await write('name: mine\ndescription: x\nboth: { rateMbps: -1, delayMs: 1, bufferMs: 1 }\n');
    await expect(loadScenario(undefined, { link })).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('rateMbps')],
    });
  });
});
