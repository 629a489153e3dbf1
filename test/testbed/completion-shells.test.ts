/** `livemig completion` in shells that may have to be installed first; bash's is a unit test. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { findProgram } from '#harness/doctor/host-tools';
import { runLivemig } from '#test/support/livemig-process';

const timeoutMs = 60_000;
const call = promisify(execFile);
const [fish, zsh] = await Promise.all([findProgram('fish'), findProgram('zsh')]);

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-completion-'));
  await writeFile(join(directory, 'mine.yaml'), '');
});
afterAll(() => rm(directory, { recursive: true }));

const writeScript = async (shell: string): Promise<void> => {
  const { code, stdout } = await runLivemig(['completion', shell]);
  expect(code).toBe(0);
  await writeFile(join(directory, shell), stdout);
};

const cases = [
  { typed: 'livemig va', completed: 'livemig validate' },
  { typed: 'livemig run --strat', completed: 'livemig run --strategy' },
  { typed: 'livemig sweep icclab-1', completed: 'livemig sweep icclab-10g' },
  { typed: 'livemig run mi', completed: 'livemig run mine.yaml' },
  { typed: 'livemig run --nothing', completed: 'livemig run --nothing' },
];

(fish === undefined ? describe.skip : describe)('tab in fish (skipped where there is none)', () => {
  beforeAll(() => writeScript('fish'), timeoutMs);

  test.each(cases)('$typed', async ({ typed, completed }) => {
    // The function stands for the program: fish completes only what it can call.
    const ask = `function livemig; end; source ./fish; complete -C '${typed}'`;
    const { stdout } = await call(fish!, ['--no-config', '-c', ask], { cwd: directory, timeout: timeoutMs });
    const offered = stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!]));
    const words = typed.split(' ');
    const whole = offered.map((word) => [...words.slice(0, -1), word].join(' '));
    expect(whole).toEqual(completed === typed ? [] : [completed]);
  }, timeoutMs); // prettier-ignore
});

(zsh === undefined ? describe.skip : describe)('tab in zsh (skipped where there is none)', () => {
  beforeAll(() => writeScript('zsh'), timeoutMs);

  test.each(cases)('$typed', async ({ typed, completed }) => {
    // A zsh at a terminal of its own, in which a function tells what it was called with once tab has completed it.
    const ask = [
      'zmodload zsh/zpty',
      'zpty shell zsh -f -i',
      "zpty -w shell 'PROMPT=; autoload -Uz compinit && compinit -u -D; source ./zsh'",
      `zpty -w shell 'livemig() { print -r -- "called: livemig $* :done" }'`,
      `zpty -w -n shell $'${typed}\t\n'`,
      "zpty -r shell said '*called: livemig [^$]*:done*'",
      'print -r -- "$said"',
      'zpty -d shell',
    ];
    const { stdout } = await call(zsh!, ['-f', '-c', ask.join('\n')], { cwd: directory, timeout: timeoutMs });
    expect(/called: (livemig [^$]*?) *:done/.exec(stdout)?.[1]).toBe(completed);
  }, timeoutMs); // prettier-ignore
});
