import { describe, expect, test } from '@jest/globals';
import { parseTrace, traceStepsMax } from '#harness/timeline/trace-file';
import { toErrorDocument } from '#proto/errors';

const problemsOf = (text: string): readonly string[] => {
  try {
    parseTrace(text, 'x.csv');
    return [];
  } catch (error) {
    return toErrorDocument(error).problems ?? [];
  }
};

describe('a trace of a link', () => {
  test('has moments and what changes then; an empty cell leaves its figure as it is', () => {
    const text =
      '# a train enters a tunnel\n\ntimeS, rateMbps, rttMs, lossPercent\n0,1000,20,0\r\n0.5,200,,1\n2,,80,\n';
    const { file, steps, sha256 } = parseTrace(text, 'x.csv');
    const both = (change: object) => ({ sourceToDestination: change, destinationToSource: change });
    expect(steps).toEqual([
      { atMs: 0, change: both({ rateMbps: 1000, delayMs: 10, lossPercent: 0 }) },
      { atMs: 500, change: both({ rateMbps: 200, lossPercent: 1 }) },
      { atMs: 2000, change: both({ delayMs: 40 }) },
    ]);
    expect(file).toBe('x.csv');
    expect(sha256).not.toBe(parseTrace(`${text}\n`, 'x.csv').sha256);
  });

  test('a column may be of one direction, and comes before one of both', () => {
    const { steps } = parseTrace(
      'timeMs,rateMbps,destinationToSource.rateMbps\n0,100,10\n1,50,\n2,,20\n',
      'x.csv',
    );
    expect(steps.map(({ change }) => change)).toEqual([
      { sourceToDestination: { rateMbps: 100 }, destinationToSource: { rateMbps: 10 } },
      { sourceToDestination: { rateMbps: 50 }, destinationToSource: { rateMbps: 50 } },
      { destinationToSource: { rateMbps: 20 } },
    ]);
  });

  test.each([
    ['', 'x.csv: expected a row of names'],
    ['timeMs,rateMbps\n', 'x.csv: expected a row of names'],
    ['rateMbps\n1\n', 'x.csv:1: expected one column of time: timeMs or timeS'],
    ['timeMs,timeS,rateMbps\n', 'x.csv:1: expected one column of time'],
    ['timeMs\n1\n', 'x.csv:1: expected a column of what changes'],
    ['timeMs,rate\n1,2\n', 'x.csv:1: unknown column "rate"; did you mean "rateMbps"?'],
    ['timeMs,rateMbps,rateMbps\n', 'x.csv:1: expected each column once, got "rateMbps" twice'],
    ['timeMs,toSource.rateMbps\n1,2\n', 'x.csv:1: unknown column "toSource.rateMbps"'],
    [
      'timeMs,destinationToSource.rateMbps\n1,0\n',
      'x.csv:2: destinationToSource.rateMbps: expected Mb/s from 1',
    ],
    ['timeMs,rttMs,delayMs\n', 'x.csv:1: expected rttMs or delayMs, got both'],
    ['timeMs,rateMbps\n1\n', 'x.csv:2: expected 2 cells, got 1'],
    ['timeMs,rateMbps\n,5\n', 'x.csv:2: timeMs: expected a time'],
    ['timeMs,rateMbps\n-1,5\n', 'x.csv:2: timeMs: expected a time'],
    ['timeMs,rateMbps\n1,0\n', 'x.csv:2: rateMbps: expected Mb/s from 1'],
    ['timeMs,rttMs\n1,9999\n', 'x.csv:2: rttMs: expected ms one way'],
    ['timeMs,rateMbps\n5,5\n5,6\n', 'x.csv:3: expected a time after that of the row before (5 ms), got 5 ms'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text).join('\n')).toContain(problem);
  });

  test('is bounded, as are its problems', () => {
    const rows = Array.from({ length: traceStepsMax + 1 }, (_, row) => `${row},5`);
    expect(problemsOf(['timeMs,rateMbps', ...rows].join('\n')).join()).toContain(
      'expected at most 20000 rows',
    );
    expect(problemsOf(['timeMs,rateMbps', ...rows.slice(1)].join('\n'))).toEqual([]);
    const wrong = rows.map(() => '1,0');
    expect(problemsOf(['timeMs,rateMbps', ...wrong].join('\n'))).toHaveLength(20);
  });
});
