import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from './child.ts';
import type { JestReport, Tally } from './tally.ts';
import { nothing, sum, tallyOf } from './tally.ts';

/** Each counts as one that passed or failed. */
const checks: readonly { name: string; args: readonly string[] }[] = [
  { name: 'format', args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit', '--project', '.'] },
  { name: 'lint', args: ['node_modules/eslint/bin/eslint.js', '.'] },
];

export const runChecks = async (signal: AbortSignal): Promise<Tally> => {
  let tally = nothing;
  for (const { name, args } of checks) {
    console.error(`\n== ${name}`);
    const code = await runNode(args, {}, signal);
    tally = sum(tally, code === 0 ? { ...nothing, passed: 1 } : { ...nothing, failures: [`check: ${name}`] });
  }
  return tally;
};

const readReport = async (file: string): Promise<JestReport | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
};

/** Testbed tests share the machine's cores and links, so one file at a time; unit tests take the cores there are. */
const projectArgs = {
  unit: [`--maxWorkers=${availableParallelism()}`],
  testbed: ['--runInBand'],
  browser: ['--runInBand'],
} as const;

export const runJest = async (
  project: keyof typeof projectArgs,
  jestArgs: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Tally> => {
  console.error(`\n== ${project} tests`);
  const directory = await mkdtemp(join(tmpdir(), 'livemig-test-'));
  const file = join(directory, 'report.json');
  try {
    const code = await runNode(
      [
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        'node_modules/jest/bin/jest.js',
        '--selectProjects',
        project,
        '--passWithNoTests',
        '--json',
        `--outputFile=${file}`,
        ...projectArgs[project],
        ...jestArgs,
      ],
      env,
      signal,
    );
    return tallyOf(project, await readReport(file), code);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
