import type { ReportInput } from '../../harness/report/page/index.ts';
import type { RunResult } from '../../harness/result.ts';
import { judgementOf } from '../../harness/trends/judgement.ts';

/** What `livemig report` makes of a result set. */
export const reportInputOf = (runs: readonly RunResult[], title = 'A report'): ReportInput => ({
  title,
  generatedAt: '2026-11-21T08:00:00.000Z',
  livemigVersion: '0.0.0-test',
  runs,
  judgement: judgementOf(runs, { accounting: 'payload' }),
});
