import { describe, expect, test } from '@jest/globals';
import type { Cell } from '#bench/kill-matrix/cells';
import { cellText } from '#bench/kill-matrix/cells';
import { problemsOf } from '#bench/kill-matrix/judge';
import { runCell } from '#bench/kill-matrix/run-cell';
import { netnsDriver } from '#harness/testbed/netns/index';

/** A small part of `npm run bench -- kill-matrix`: real signals to real processes, in cells that end soon. */
const some: Cell[] = [
  { victim: 'destination', phase: 'active', signal: 'KILL' },
  { victim: 'source', phase: 'device', signal: 'KILL' },
  { victim: 'source', phase: 'postcopy-active', signal: 'TERM' },
  { victim: 'wan', phase: 'boot', signal: 'KILL' },
  { victim: 'harness', phase: 'pre-switchover', signal: 'TERM' },
  { victim: 'harness', phase: 'postcopy-active', signal: 'KILL' },
];

const support = await netnsDriver.probe();

if (!support.supported) test.skip(`kill matrix: driver netns: ${support.reason}`, () => undefined);
else
  describe('a run that is struck', () => {
    test.each(some.map((cell) => [cellText(cell), cell] as const))('%s', async (_name, cell) => {
      const seen = await runCell(cell);
      expect({ problems: problemsOf(cell, seen), seen }).toMatchObject({ problems: [] });
    });
  });
