/**
 * The real netem: where this kernel has it, natively; elsewhere in user-mode Linux, which brings a kernel that does.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createNetemBackend } from '#hosts/wan/netem';
import { codeOf, messageOf } from '#proto/errors';
import type { RunResult } from '#harness/result';
import { readResults } from '#harness/results';
import { loadStudies } from '#harness/studies/index';
import { judge } from '#harness/trends/index';
import { linkBackendConformance } from '../conformance/link-backend.ts';
import { probeUml, runInUml } from './boot.ts';
import { isOnlyMistimed, objectionsTo } from './verdict.ts';

const native = await createNetemBackend().probe();
const installed = probeUml();

/** Even if installed, it may panic at its first program: it can't handle some processors' registers. */
const bootProblem = (): Promise<string | null> =>
  runInUml('true', { timeoutMs: 60_000 }).then(
    () => null,
    (error: unknown) => {
      if (codeOf(error) !== 'TESTBED_FAILED') throw error;
      return `it can't run a shell on this machine: ${messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 300)}`;
    },
  );
const problem = native.supported || !installed.supported ? null : await bootProblem();
const uml = problem === null ? installed : { supported: false, reason: problem };

/** Bounds against hanging on a loaded machine; a quiet one takes a quarter of them. */
const conformanceTimeoutMs = 600_000;
const migrationTimeoutMs = 200_000;
const jestMarginMs = 20_000;

const migrate =
  'node harness/cli.ts run test/uml/migration.yaml --out "$TMPDIR/result.json" --json >"$LIVEMIG_JOB/result"';

/** A machine that is busy elsewhere may spoil the link or the observer's view: another try, and it is said. */
const attempts = 3;
/** Among them is a run with nothing wrong but the timing; that is accepted. */
const mistimedAttempts = 2;

/** The testbed keeps more free than a small guest needs. */
const sweepMemoryMib = 2560;
const sweepTimeoutMs = 800_000;
const sweep =
  'node harness/cli.ts sweep test/uml/ulster-netem.yaml --retries 8 --out "$TMPDIR/sweep" && ' +
  'cat "$TMPDIR/sweep/runs.jsonl" >"$LIVEMIG_JOB/result"';
/** Beside the other trends' results, so that `validate` and `report` show them together. */
const resultsDirectory = join('results', 'trends', 'netem');

const migrateInUml = async (): Promise<{ output: string; run: RunResult | null }> => {
  for (let attempt = 1; ; attempt++) {
    const { output, result } = await runInUml(migrate, { timeoutMs: migrationTimeoutMs });
    const run = JSON.parse(result ?? 'null') as RunResult | null;
    if (run?.state !== 'invalid' || attempt >= (isOnlyMistimed(run) ? mistimedAttempts : attempts))
      return { output, run };
    console.warn(`attempt ${attempt}: ${run.error.message}`);
  }
};

if (native.supported) linkBackendConformance('netem', process.getuid?.() === 0 ? null : 'needs root');
else if (!uml.supported) test.skip(`netem in user-mode Linux: ${uml.reason}`, () => undefined);
else {
  test(
    'the netem backend conforms, on the netem of user-mode Linux',
    async () => {
      const { exitCode, output } = await runInUml('node test/uml/netem-conformance.ts', {
        timeoutMs: conformanceTimeoutMs,
      });
      const lines = output.split('\n');
      for (const line of lines.filter((said) => said.startsWith('AGAIN'))) console.warn(line);
      expect(output).toContain('RESULT');
      expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([]);
      expect(exitCode).toBe(0);
    },
    conformanceTimeoutMs + jestMarginMs,
  );

  test(
    'a guest migrates over netem, calibrated and verified',
    async () => {
      const { output, run } = await migrateInUml();
      const objections = objectionsTo(run);
      expect({ objections, output: objections.length === 0 ? '' : output }).toEqual({
        objections: [],
        output: '',
      });
      if (run !== null && isOnlyMistimed(run))
        console.warn(`accepted, as nothing but its timing is wrong: ${run.error?.message ?? ''}`);
    },
    attempts * migrationTimeoutMs + jestMarginMs,
  );

  test(
    "a trend of the documents holds over netem: post-copy sends no less of a loaded guest (Ulster's 11b)",
    async () => {
      const { output, result } = await runInUml(sweep, {
        timeoutMs: sweepTimeoutMs,
        memoryMib: sweepMemoryMib,
      });
      if (result === null) throw new Error(`the sweep left no results:\n${output}`);
      await rm(resultsDirectory, { recursive: true, force: true });
      await mkdir(resultsDirectory, { recursive: true });
      await writeFile(join(resultsDirectory, 'runs.jsonl'), result);
      const studies = await loadStudies();
      const verdicts = judge(await readResults([resultsDirectory], [], console.warn), studies);
      const measured = verdicts.filter(({ verdict }) => verdict !== 'not measured');
      expect(measured.map(({ id, verdict, backends }) => [id, verdict, ...backends])).toEqual([
        ['11a', 'contested', 'netem'],
        ['11b', 'holds', 'netem'],
      ]);
    },
    sweepTimeoutMs + jestMarginMs,
  );
}
