import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { strategyNames } from '#catalogue/strategies';
import { createProgram } from '#harness/cli/program';
import { wordsOf } from '#harness/cli/completion/values';
import { listProfiles } from '#harness/profiles';
import { runLivemig } from '#test/support/livemig-process';

const timeoutMs = 60_000;
const call = promisify(execFile);

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-completion-'));
  const { code, stdout } = await runLivemig(['completion', 'bash']);
  expect(code).toBe(0);
  await writeFile(join(directory, 'script'), stdout);
  await writeFile(join(directory, 'mine.yaml'), '');
  await writeFile(join(directory, 'mine.ts'), '');
}, timeoutMs);
afterAll(() => rm(directory, { recursive: true }));

/** What bash offers once a tab is typed after these words, by the script and in a real bash. */
const offered = async (...words: string[]): Promise<string[]> => {
  const ask = [
    // bash-completion's, which is there wherever somebody completes; for words without quotes or colons.
    '_get_comp_words_by_ref() { words=("${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=${words[cword]}; prev=${words[cword - 1]}; }',
    'source ./script',
    `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})`,
    `COMP_CWORD=${words.length - 1} COMP_LINE='${words.join(' ')}' COMP_POINT=${words.join(' ').length}`,
    'set -- $(complete -p livemig); shift $(($# - 2))',
    '"$1" livemig "${COMP_WORDS[COMP_CWORD]}" 2>/dev/null',
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ];
  const { stdout } = await call('bash', ['-c', ask.join('\n')], { cwd: directory, timeout: timeoutMs });
  return stdout.split('\n').map((line) => line.trim().split(/\s/)[0]!).filter((line) => line !== '');
}; // prettier-ignore

const hasBash = (() => {
  try {
    execFileSync('bash', ['--version']);
    return true;
  } catch {
    return false;
  }
})();

(hasBash ? describe : describe.skip)('tab in bash (skipped where there is none)', () => {
  test.each([
    { words: ['livemig', 'va'], expected: ['validate'] },
    { words: ['livemig', 'run', '--strat'], expected: ['--strategy'] },
    { words: ['livemig', 'export', '--table', 'ro'], expected: ['rounds'] },
    { words: ['livemig', 'run', 'm'], expected: ['mine.yaml'] },
    { words: ['livemig', 'check', 'mi'], expected: ['mine.ts'] },
    { words: ['livemig', 'sweep', 'icclab-1'], expected: ['icclab-10g'] },
    { words: ['livemig', 'run', '--nothing'], expected: [] },
  ])('$words', async ({ words, expected }) => {
    expect(await offered(...words)).toEqual(expected);
  }, timeoutMs); // prettier-ignore

  test('names come from the definitions', async () => {
    expect(await offered('livemig', 'run', '--link', '')).toEqual(listProfiles());
    expect(await offered('livemig', 'run', '--strategy', '')).toEqual([...strategyNames, 'mine.ts']);
  }, timeoutMs); // prettier-ignore
});

test('a shell that there is no script for is bad input', async () => {
  expect(await runLivemig(['completion', 'bsh'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bash'),
  });
});

test('only commands that there are have words', async () => {
  const { commands: all } = await createProgram(() => undefined);
  const commands = all.map((command) => command.name());
  expect(Object.keys(wordsOf).filter((name) => !commands.includes(name))).toEqual([]);
});
