import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from './child.ts';
import type { JestReport, Tally } from './tally.ts';
import { nothing, slowestFiles, sum, tallyOf } from './tally.ts';

/** Each counts as one that passed or failed. */
const checks: readonly { name: string; args: readonly string[] }[] = [
  { name: 'format', args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit', '--project', '.'] },
  { name: 'lint', args: ['node_modules/eslint/bin/eslint.js', '.'] },
  { name: 'unused', args: ['node_modules/knip/bin/knip.js', '--no-progress'] },
];

/** All at once: each takes one core, and they are independent. */
export const runChecks = async (signal: AbortSignal): Promise<Tally> => {
  console.error(`\n== ${checks.map(({ name }) => name).join(', ')}`);
  const tallies = await Promise.all(
    checks.map(async ({ name, args }) => {
      const code = await runNode(args, {}, signal);
      return code === 0 ? { ...nothing, passed: 1 } : { ...nothing, failures: [`check: ${name}`] };
    }),
  );
  return tallies.reduce(sum);
};

const readReport = async (file: string): Promise<JestReport | undefined> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
};

const cores = availableParallelism();
/**
 * Unit tests use all cores. Migrations over the loopback device mostly wait, for capped bandwidths and lost
 * connections: twice as many at once. Testbed tests have their own links and wait a third of the time: two at once.
 * A run whose link the other one disturbs is invalid, and repeated.
 */
const projectArgs = {
  unit: [`--maxWorkers=${cores}`],
  conformance: [`--maxWorkers=${2 * cores}`],
  uml: ['--runInBand'],
  testbed: ['--maxWorkers=2'],
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
    const report = await readReport(file);
    const slowest = report === undefined ? [] : slowestFiles(report);
    if (slowest.length > 0) console.error(`livemig: the slowest of these files:\n${slowest.join('\n')}`);
    return tallyOf(project, report, code);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
