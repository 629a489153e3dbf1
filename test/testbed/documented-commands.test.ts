import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { netnsDriver } from '#harness/testbed/netns/index';
import type { DocumentedCommand } from '../support/documented-commands.ts';
import { documentedCommands, root } from '../support/documented-commands.ts';
import { endLivemigs, startedUntil } from '../support/livemig-process.ts';
import type { LivemigProcess } from '../support/livemig-process.ts';

/**
 * Every line that the documents tell a reader to type, typed: in their order, in a directory that has what they presume.
 * Exit codes are looked at, not figures.
 */

afterAll(endLivemigs, 60_000);

const support = await netnsDriver.probe();

/** What is not typed here, by its beginning, and why. */
const elsewhere: readonly (readonly [start: string, reason: string])[] = [
  ['npm test', 'these are the tests'],
  ['npm run format', "the tests' checks are the same"],
  ['npm pack', 'test/testbed/package.test.ts does'],
  ['npm install', 'test/testbed/package.test.ts does'],
  ['npx livemig sweep icclab-10g', 'the trends do; a full set takes an hour'],
  ['docker compose', 'test/testbed/compose.test.ts does'],
  ['cp -r node_modules/livemig/dist', 'test/testbed/package.test.ts does'],
];

/** What a document presumes, as shell lines: at its beginning, or before a certain line. Most are simulated, to take seconds. */
interface Presumed {
  document: string;
  before?: string;
  lines: readonly string[];
}
const guest = '--driver sim --link lan-1g --guest 128MiB --workload cyclic:32MiB';
const cyclic = '--link lan-1g --workload cyclic:128MiB --strategy pre-copy --convergence xen --warmup 500';
const presumed: readonly Presumed[] = [
  {
    document: 'README.md',
    lines: [
      `livemig run ${guest} --out results/before`,
      `livemig run ${guest} --out results/after`,
      'livemig sweep links.yaml --out results/icclab-10g',
    ],
  },
  {
    document: 'docs/agreement.md',
    lines: [
      'livemig sweep icclab-10g --quick --driver sim --only hybrid-no-redirty --out results/icclab-10g',
    ],
  },
  {
    document: 'docs/ci.md',
    lines: [
      'cp scenarios/start.yaml scenario.yaml',
      'cp links.yaml sweep.yaml',
      'cp examples/strategies/two-rounds.ts mine.ts',
    ],
  },
  {
    document: 'docs/prediction.md',
    lines: [
      `livemig run ${cyclic} --seed 1 --out results/before`,
      `livemig record ${guest} --seconds 8 --out a.dirty.zst`,
      'cp a.dirty.zst b.dirty.zst',
      'cp a.dirty.zst web.dirty.zst',
    ],
  },
  {
    document: 'docs/prediction.md',
    before: 'livemig predict cyclic.prediction.json',
    lines: [`livemig run ${cyclic} --seed 2 --out results/after`],
  },
];
/** A set with two links, in place of a study's. */
const linksSweep = `
name: links
repeats: 3
seed: 1
base: { driver: sim, guest: 16MiB, workload: idle }
parts:
  all:
    description: Two links.
    grid:
      link: { 1G: { link: lan-1g }, 10G: { link: lan-10g } }
`;
const linesBefore = (document: string, line?: string): readonly string[] =>
  presumed
    .filter((each) => each.document === document)
    .filter(({ before }) =>
      line === undefined ? before === undefined : before !== undefined && line.startsWith(before),
    )
    .flatMap(({ lines }) => lines);

/** Orders to a running migration: what its status must be first, and what the run is given. */
const slow = ['--guest', '72MiB,baseFootprint=64MiB', '--workload', 'idle', '--link', 'lan-1g'];
const steered: Readonly<Record<string, { until: string; run: readonly string[] }>> = {
  status: { until: 'status active', run: ['--strategy', 'pre-copy', '--max-bandwidth', '80'] },
  set: { until: 'status active', run: ['--strategy', 'pre-copy', '--max-bandwidth', '8'] },
  continue: {
    until: 'status pre-switchover',
    run: ['--strategy', 'pre-copy', '--cap', 'pause-before-switchover'],
  },
  'start-postcopy': { until: 'status active', run: ['--strategy', 'hybrid', '--max-bandwidth', '8'] },
  cancel: { until: 'status active', run: ['--strategy', 'pre-copy', '--max-bandwidth', '8'] },
  cut: {
    until: 'status postcopy-active',
    run: ['--strategy', 'post-copy', '--max-postcopy-bandwidth', '20'],
  },
};

/** Commands that go on until they are ended: what they have said by then. */
const endless: Readonly<Record<string, string>> = { 'npx livemig watch': 'Ctrl-C ends it' };
const interruptedCode = 130;

/** Exit codes that are an answer and not a failure. */
const answers: readonly (readonly [start: string, codes: readonly number[], what: string])[] = [
  ['npx livemig validate', [0, 1], 'a check fails'],
  ['livemig plan', [0, 1], 'the answer is no'],
  ['npx livemig doctor', [0, 1], 'something optional is missing'],
  ['npx livemig watch', [interruptedCode], 'it was ended'],
  [
    'npx livemig run --link lan-1g --guest 256MiB --workload stress:64MiB@60000 --strategy pre-copy',
    [0, 1],
    'NOT_CONVERGED',
  ],
  ['npx livemig compare', [0, 1], 'a regression'],
];

let directory = '';
const commandTimeoutMs = 150_000;

interface Typed {
  code: number | null;
  said: string;
}

/** A line typed in the reader's directory. @param until ends it by Ctrl-C once it has said this */
const type = async (text: string, until?: string): Promise<Typed> => {
  const inClone = text.startsWith('npm ');
  const child = spawn('bash', ['-c', `set -o pipefail; ${text}`], {
    cwd: inClone ? root : directory,
    env: {
      ...process.env,
      PATH: `${join(directory, 'bin')}:${process.env['PATH'] ?? ''}`,
      TMPDIR: join(directory, 'tmp'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    timeout: commandTimeoutMs,
  });
  let said = '';
  const hear = (part: string): void => {
    said += part;
    if (until !== undefined && said.includes(until)) process.kill(-child.pid!, 'SIGINT');
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { code: signal === 'SIGINT' ? interruptedCode : code, said };
};

/** A noisy machine may spoil a run's link, which is nothing that the command did wrong. */
const isSpoiled = ({ code, said }: Typed): boolean => code === 1 && /\binvalid\b/.test(said);
const attemptsMax = 4;

const untilUnspoiled = async (attempt: () => Promise<Typed>): Promise<Typed> => {
  for (let nth = 1; ; nth++) {
    const typed = await attempt();
    if (!isSpoiled(typed) || nth === attemptsMax) return typed;
    console.warn(`attempt ${nth} was spoiled: ${typed.said.trim().split('\n').at(-1) ?? ''}`);
  }
};

/** In the order in which they stand. */
const typeAll = async (lines: readonly string[]): Promise<void> => {
  for (const line of lines)
    expect({ line, ...(await untilUnspoiled(() => type(line))) }).toMatchObject({ code: 0 });
};

const expected = (text: string): readonly number[] =>
  answers.find(([start]) => text.startsWith(start))?.[1] ?? [0];

const typeSteering = async (text: string, verb: string): Promise<Typed> => {
  const { until, run } = steered[verb]!;
  const under: LivemigProcess = await startedUntil(
    until,
    ['run', '--driver', 'netns', ...slow, ...run, '--out', join(directory, 'steered')],
    { TMPDIR: join(directory, 'tmp') },
  );
  const typed = await type(text);
  if (under.child.exitCode === null) under.child.kill('SIGINT');
  await under.ended;
  return typed;
};

const typeOne = (text: string): Promise<Typed> => {
  const verb = /^(?:npx )?livemig (\S+)/.exec(text)?.[1] ?? '';
  if (verb in steered) return typeSteering(text, verb);
  const until = Object.entries(endless).find(([start]) => text.startsWith(start))?.[1];
  return type(text, until);
};

const isElsewhere = ({ text }: DocumentedCommand): boolean =>
  elsewhere.some(([start]) => text.startsWith(start));
const typedHere = documentedCommands().filter((command) => !isElsewhere(command));
const inDocument = Map.groupBy(typedHere, ({ document }) => document);

test('every reason not to type a command here is about one that there is', () => {
  const commands = documentedCommands();
  for (const [start] of elsewhere)
    expect(commands.filter(({ text }) => text.startsWith(start))).not.toEqual([]);
});

if (!support.supported) test.skip(`documented commands: driver netns: ${support.reason}`, () => undefined);
else
  describe.each([...inDocument])('the commands of %s', (document, commands) => {
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), 'lm-'));
      for (const name of ['bin', 'tmp']) await mkdir(join(directory, name));
      const livemig = `exec '${process.execPath}' '${join(root, 'harness/cli.ts')}' "$@"\n`;
      await writeFile(join(directory, 'bin/livemig'), `#!/bin/sh\n${livemig}`, { mode: 0o755 });
      const npx =
        '#!/bin/sh\n[ "$1" = livemig ] || { echo "npx $1: only livemig is here" >&2; exit 64; }\nshift\n';
      await writeFile(join(directory, 'bin/npx'), npx + livemig, { mode: 0o755 });
      for (const name of ['scenarios', 'examples']) await symlink(join(root, name), join(directory, name));
      // Some are written to.
      await cp(join(root, 'studies'), join(directory, 'studies'), { recursive: true });
      await writeFile(join(directory, 'links.yaml'), linksSweep);
      await typeAll(linesBefore(document));
    }, commandTimeoutMs);
    afterAll(async () => {
      await type('livemig down');
      await type('sh examples/attach/hosts.sh down');
      await rm(directory, { recursive: true });
    }, 60_000);

    test.each(commands)(
      '$document:$line: $text',
      async ({ text }) => {
        await typeAll(linesBefore(document, text));
        const { code, said } = await untilUnspoiled(() => typeOne(text));
        expect({ text, said, isExpected: expected(text).includes(code ?? -1) }).toMatchObject({
          isExpected: true,
        });
      },
      attemptsMax * commandTimeoutMs,
    );
  });
