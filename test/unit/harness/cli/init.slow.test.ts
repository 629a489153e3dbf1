import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { starts } from '#harness/init/starts';
import { loadProfile } from '#harness/profiles';
import { loadScenario } from '#harness/scenario';
import { runLivemig } from '#test/support/livemig-process';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lm-init-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const livemig = (...args: string[]) => runLivemig(args, { cwd: directory });
const textOf = (file: string) => readFile(join(directory, file), 'utf8');

describe('livemig init', () => {
  test.each(Object.entries(starts))('%s writes a file that its next command takes', async (what, { file, next }) => {
    const { code, stdout } = await livemig('init', what);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining(`next: ${next(file)}`) });
    const checks: Record<string, readonly string[]> = {
      strategy: ['check', file],
      scenario: ['run', file, '--driver', 'sim'],
      sweep: ['sweep', file, '--driver', 'sim', '--dry-run'],
      link: ['run', '--link', `./${file}`, '--driver', 'sim', '--guest', '64MiB', '--workload', 'idle'],
    };
    const taken = await livemig(...(checks[what] ?? []));
    expect({ code: taken.code, stderr: taken.code === 0 ? '' : taken.stderr }).toEqual({ code: 0, stderr: '' });
  }, 60_000); // prettier-ignore

  test('a scenario in which every example behind a # is switched on is a valid one', async () => {
    await livemig('init', 'scenario', 'all.yaml');
    const text = await textOf('all.yaml');
    const all = text.replaceAll(/^( *)#(?! )/gm, '$1');
    expect(all).not.toBe(text);
    await writeFile(join(directory, 'all.yaml'), all);
    const scenario = await loadScenario(join(directory, 'all.yaml'), {});
    expect(scenario).toMatchObject({ name: 'all', guest: { vcpus: 1 }, repeat: 1 });
  });

  test('what is behind a # is the default: switched on, it changes nothing', async () => {
    await livemig('init', 'scenario', 'some.yaml');
    const text = await textOf('some.yaml');
    const examples = /^ *#(?:capabilities|thresholds|timeline):/;
    const on = text
      .split('\n')
      .map((line) => (examples.test(line) ? line : line.replace(/^( *)#(?! )/, '$1')))
      .join('\n');
    await writeFile(join(directory, 'on.yaml'), on);
    const [off, all] = await Promise.all(
      ['some.yaml', 'on.yaml'].map((file) => loadScenario(join(directory, file), {})),
    );
    expect(all).toEqual(off);
  });

  test('a link has the name of its file, and a schema for editors', async () => {
    await livemig('init', 'link', 'Head Office.yaml');
    expect(loadProfile(join(directory, 'Head Office.yaml'))).toMatchObject({ name: 'head-office' });
    expect(await textOf('Head Office.yaml')).toMatch(/^# yaml-language-server: \$schema=.*link-profile\.schema\.json\n/);
  }); // prettier-ignore

  test('leaves alone what is there, and refuses what it does not know', async () => {
    await writeFile(join(directory, 'mine.yaml'), 'precious');
    const there = await livemig('init', 'scenario', 'mine.yaml');
    expect(there).toMatchObject({ code: 2, stderr: expect.stringContaining('exists already') });
    expect(await textOf('mine.yaml')).toBe('precious');
    expect(await livemig('init', 'scenaro')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean "scenario"'),
    });
    expect(await livemig('init', 'strategy', 'mine.yaml')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('ends in .ts'),
    });
    expect(await livemig('init')).toMatchObject({ code: 2 });
    expect(await livemig('init', 'link', 'nowhere/mine.yaml')).toMatchObject({ code: 1 });
  });
});
