import type { ReportInput } from '#harness/report/page/input';
import { reportInput } from '#harness/report/page/input';
import type { RunResult } from '#harness/result';
import { studies } from './studies.ts';

/** The input that `livemig report` derives from a result set. */
export const reportInputOf = (runs: readonly RunResult[], title = 'A report'): ReportInput =>
  reportInput({
    title,
    generatedAt: '2026-11-21T08:00:00.000Z',
    livemigVersion: '0.0.0-test',
    runs,
    studies,
  });
