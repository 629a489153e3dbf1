import type { CompletedRun, RunResult } from '#harness/result';
import { runOnPaper } from '#harness/trends/on-paper';
import type { PaperRun as RunOfStudy } from '#harness/trends/paper-run';
import { completedPaperResult } from './paper-result.ts';

/** Runs of sweeps with given figures, for tests of code that judges, compares or exports them; none were measured. */

export interface PaperRun extends RunOfStudy {
  experiment: string;
}

// Shared by all: making one takes longer than copying what differs.
const paper = completedPaperResult() as CompletedRun;

export const trendRun = (run: PaperRun): RunResult => runOnPaper(run, run.experiment, paper);
