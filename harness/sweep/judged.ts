import { inOrder } from '../in-order.ts';
import type { RunResult } from '../result.ts';
import { judgeThresholds } from '../thresholds/judge.ts';
import type { JudgedRuns } from '../thresholds/report.ts';
import { cellText } from './cells.ts';
import type { Ledger } from './ledger.ts';
import type { Block } from './plan.ts';
import { keyOf } from './plan.ts';

/**
 * The cells of a plan with their answers and the verdicts on their thresholds, by name. Searches are
 * left out: a scenario of theirs has no thresholds.
 * @param results of the set, answers and others
 */
export const judgedCells = (
  blocks: readonly Block[],
  ledger: Ledger,
  results: readonly RunResult[],
): JudgedRuns[] => {
  const byId = new Map(results.map((result) => [result.runId, result]));
  const trials = blocks.flatMap((block) => (block.kind === 'trials' ? block.trials : []));
  const cells = [...Map.groupBy(trials, ({ part, labels }) => keyOf(part, labels)).values()];
  const judged = cells.map((ofCell): JudgedRuns => {
    const { part, labels, scenario } = ofCell[0]!;
    const runs = ofCell
      .toSorted((one, other) => one.repeat - other.repeat)
      .map((trial) => {
        const answer = ledger.answerTo(trial);
        const result = answer === undefined ? null : (byId.get(answer.runId) ?? null);
        return { name: `run ${trial.repeat + 1}`, result, isFailure: result === null };
      });
    return {
      name: cellText(part, labels),
      runs,
      verdicts: judgeThresholds(
        scenario.thresholds ?? [],
        runs.map(({ result }) => result),
      ),
    };
  });
  // Blocks come in random order.
  return judged.toSorted((one, other) => inOrder(one.name, other.name));
};
