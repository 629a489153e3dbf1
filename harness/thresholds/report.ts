import type { JunitCase, JunitOutcome, JunitSuite } from '../junit.ts';
import { escaped, tableOf, wrapped } from '../markdown.ts';
import { shownValue } from '../report/figure-rows.ts';
import type { RunResult } from '../result.ts';
import type { ThresholdVerdict } from './judge.ts';
import { countText, foundText, thresholdText } from './show.ts';

/** Runs that are judged together: the repetitions of a scenario, or those of a sweep's cell. */
export interface JudgedRuns {
  /** Of the scenario, or the cell. */
  name: string;
  runs: {
    name: string;
    /** Null = it is missing. */
    result: RunResult | null;
    /** Whether the command counts it as a failure, thresholds apart. */
    isFailure: boolean;
  }[];
  verdicts: ThresholdVerdict[];
}

export const allHold = (judged: readonly JudgedRuns[]): boolean =>
  judged.every(({ verdicts }) => verdicts.every(({ holds }) => holds));

const figuresText = (run: RunResult): string =>
  `total ${shownValue(run, 'measurement.totalTimeMs')}, downtime ${shownValue(run, 'measurement.downtimeMs')}`;

const outcomeOfRun = ({ result, isFailure }: JudgedRuns['runs'][number]): JunitOutcome => {
  if (result === null) return { kind: 'failed', message: 'the run is missing', type: 'missing' };
  if (result.state === 'completed') return { kind: 'passed', text: figuresText(result) };
  const message = `${result.state}: ${result.error.code}: ${result.error.message}`;
  if (result.state === 'unsupported') return { kind: 'skipped', message };
  return isFailure ? { kind: 'failed', message, type: result.state } : { kind: 'passed', text: message };
};

const caseOfThreshold = (classname: string, verdict: ThresholdVerdict): JunitCase => {
  const text = foundText(verdict);
  return {
    classname,
    name: thresholdText(verdict),
    timeS: 0,
    outcome: verdict.holds ? { kind: 'passed', text } : { kind: 'failed', message: text, type: 'threshold' },
  };
};

/** A suite per scenario or cell, with a case per run and per threshold. */
export const judgedSuites = (command: string, judged: readonly JudgedRuns[]): JunitSuite[] =>
  judged.map(({ name, runs, verdicts }) => {
    const classname = `livemig.${command}.${name}`;
    return {
      name,
      cases: [
        ...runs.map((run) => ({
          classname,
          name: run.name,
          timeS: (run.result?.durationMs ?? 0) / 1000,
          outcome: outcomeOfRun(run),
        })),
        ...verdicts.map((verdict) => caseOfThreshold(classname, verdict)),
      ],
    };
  });

/** `3 runs: 2 completed, 1 invalid` */
const runsText = ({ runs }: JudgedRuns): string => {
  const states = [...Map.groupBy(runs, ({ result }) => result?.state ?? 'missing')];
  const counted = states.map(([state, group]) => `${group.length} ${state}`).join(', ');
  return `${runs.length} run${runs.length === 1 ? '' : 's'}: ${counted}`;
};

/** For a GitHub step's summary, or a comment. @param title what was run */
export const judgedMarkdown = (title: string, judged: readonly JudgedRuns[]): string => {
  const verdicts = judged.flatMap((each) => each.verdicts);
  const isOne = judged.length === 1;
  const rows = judged.flatMap(({ name, verdicts: own }) =>
    own.map((verdict) => [
      ...(isOne ? [] : [name]),
      thresholdText(verdict),
      foundText(verdict),
      verdict.holds ? 'holds' : 'FAILS',
    ]),
  );
  const head = [...(isOne ? [] : ['cell']), 'threshold', 'measured', 'verdict'];
  return [
    `## ${escaped(verdicts.length === 0 ? title : `${title}: ${countText(verdicts)}`)}`,
    '',
    ...judged.flatMap((each) =>
      wrapped(escaped(isOne ? runsText(each) : `${each.name}: ${runsText(each)}`), isOne ? '' : '- '),
    ),
    ...(rows.length === 0 ? [] : ['', ...tableOf(head, rows)]),
    '',
  ].join('\n');
};
