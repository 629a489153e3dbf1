/**
 * The real netem: where this kernel has it, natively; elsewhere in user-mode Linux, which brings a kernel that does.
 */
import { expect, test } from '@jest/globals';
import { createNetemBackend } from '../../hosts/wan/netem.ts';
import type { RunResult } from '../../harness/result.ts';
import { linkBackendConformance } from '../conformance/link-backend.ts';
import { probeUml, runInUml } from '../uml/boot.ts';

const native = await createNetemBackend().probe();
const uml = probeUml();

/** Bounds against hanging on a loaded machine; a quiet one takes a quarter of them. */
const conformanceTimeoutMs = 400_000;
const migrationTimeoutMs = 400_000;
const jestMarginMs = 20_000;

const migrate =
  'node harness/cli.ts run test/uml/migration.yaml --out "$TMPDIR/result.json" --json >"$LIVEMIG_JOB/result"';

/** One emulated CPU carries four agents: a run that its stalls disturb is rightly refused as invalid, and tried again. */
const migrationAttempts = 5;

const migrateInUml = async (): Promise<{
  exitCode: number | null;
  output: string;
  run: RunResult | null;
}> => {
  for (let attempt = 1; ; attempt++) {
    const { exitCode, output, result } = await runInUml(migrate, { timeoutMs: migrationTimeoutMs });
    const run = JSON.parse(result ?? 'null') as RunResult | null;
    if (run?.state !== 'invalid' || attempt === migrationAttempts) return { exitCode, output, run };
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
      expect(output).toContain('RESULT');
      expect(output.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
      expect(exitCode).toBe(0);
    },
    conformanceTimeoutMs + jestMarginMs,
  );

  test(
    'a guest migrates over netem, calibrated and verified',
    async () => {
      const { exitCode, output, run } = await migrateInUml();
      expect({
        exitCode,
        state: run?.state,
        error: run?.error,
        output: exitCode === 0 ? '' : output,
      }).toEqual({
        exitCode: 0,
        state: 'completed',
        error: null,
        output: '',
      });
      expect(run?.environment.cpuModel).toBe('UML');
      expect(run?.link.backend).toBe('netem');
      expect(run?.link.readBack?.sourceToDestination).toContain('netem');
      expect(run?.integrity).toMatchObject({ pagesCompared: 8192, mismatches: 0, staleReads: 0 });
      // 16 MiB of the guest are not zero, so at least these have crossed the link.
      expect(run?.measurement?.wire.sourceToDestinationBytes).toBeGreaterThan(16 << 20);
    },
    migrationAttempts * migrationTimeoutMs + jestMarginMs,
  );
}
