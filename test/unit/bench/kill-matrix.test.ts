import { describe, expect, test } from '@jest/globals';
import type { Cell } from '#bench/kill-matrix/cells';
import { cells, phases } from '#bench/kill-matrix/cells';
import type { Seen } from '#bench/kill-matrix/judge';
import { endsWithinMs, possiblePlaces, problemsOf } from '#bench/kill-matrix/judge';
import { matrixMarkdown } from '#bench/kill-matrix/table';
import { hostRoles } from '#proto/control';

type Result = NonNullable<Seen['result']>;

const guest = (where: Result['guest']['where'], verified: boolean): Result['guest'] => ({
  where,
  detail: 'it stands still there',
  verified,
  unverified: verified ? null : 'the source agent is gone',
  advice: 'start it anew',
});

const lostAgent = (role: string): Result['error'] => ({
  code: 'AGENT_UNREACHABLE',
  message: `the ${role} agent is gone: it was ended by SIGKILL`,
});

const seen = (result: Result | null, rest: Partial<Seen> = {}): Seen => ({
  tookMs: 1000,
  exitCode: 1,
  endedBy: null,
  result,
  isStored: true,
  leftovers: [],
  ...rest,
});

const killed = { victim: 'source', phase: 'active', signal: 'KILL' } as const satisfies Cell;
const lost: Result = { state: 'failed', error: lostAgent('source'), guest: guest('lost', false) };
const stopped = { victim: 'source', phase: 'active', signal: 'STOP' } as const satisfies Cell;
const interrupted = { victim: 'harness', phase: 'active', signal: 'TERM' } as const satisfies Cell;
const aborted: Result = {
  state: 'aborted',
  error: { code: 'CANCELLED', message: 'the run was aborted: SIGTERM' },
  guest: guest('source', false),
};

describe('the judge of the kill matrix', () => {
  test('accepts a run that ended as it must', () => {
    expect(problemsOf(killed, seen(lost))).toEqual([]);
    expect(problemsOf(stopped, seen({ ...lost, guest: guest('source', false) }))).toEqual([]);
    expect(problemsOf(interrupted, seen(aborted, { exitCode: 143 }))).toEqual([]);
    const end = seen(null, { exitCode: null, endedBy: 'SIGKILL', isStored: false });
    expect(problemsOf({ ...interrupted, signal: 'KILL' }, end)).toEqual([]);
  });

  /** Negative controls: each is found, and nothing else is. */
  const wrong: [string, Cell, Seen, RegExp][] = [
    ['a guest that survives its host', killed, seen({ ...lost, guest: guest('source', false) }), /can't be source/],
    ['a guest in two places', stopped, seen({ ...lost, guest: guest('both', false) }), /can't be both/],
    ['memory compared by a stopped agent', stopped, seen({ ...lost, guest: guest('source', true) }), /nobody could compare/],
    ['memory not compared where it can be', { ...killed, victim: 'destination' }, seen({ ...lost, error: lostAgent('destination'), guest: guest('source', false) }), /not verified/],
    ['an error that blames another', killed, seen({ ...lost, error: lostAgent('wan') }), /the source agent/],
    ['a wrong exit code', interrupted, seen(aborted, { exitCode: 1 }), /exit code 143, got exit code 1/],
    ['an end by a signal', killed, seen(lost, { exitCode: null, endedBy: 'SIGSEGV' }), /got SIGSEGV/],
    ['no result', killed, seen(null), /no result/],
    ['a result that is nowhere', killed, seen(lost, { isStored: false }), /not stored/],
    ['a leftover', killed, seen(lost, { leftovers: ['process 7'] }), /left behind: process 7/],
    ['no end', killed, seen(lost, { tookMs: null }), /did not end/],
    ['a late end', killed, seen(lost, { tookMs: endsWithinMs + 1 }), /it took/],
    ['no advice', killed, seen({ ...lost, guest: { ...lost.guest, advice: null } }), /what to do/],
  ]; // prettier-ignore
  test.each(wrong)('finds %s', (_what, cell, found, problem) => {
    expect(problemsOf(cell, found)).toEqual([expect.stringMatching(problem)]);
  });

  test('never allows a guest to run twice, and always allows some place', () => {
    for (const cell of cells) {
      expect(possiblePlaces(cell)).not.toContain('both');
      expect(possiblePlaces(cell).length).toBeGreaterThan(0);
    }
  });
});

describe('the kill matrix', () => {
  test('has every signal to every process in every phase exactly once', () => {
    expect(cells.length).toBe(hostRoles.length * 4 * (phases.length - 1) + 6 * phases.length);
    expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(cells.length);
  });

  test('is printed as a table whose lines fit, with problems marked', () => {
    const judged = cells.map((cell) => ({ cell, seen: seen(lost, { tookMs: 125_000 }), problems: ['no'] }));
    const lines = matrixMarkdown(judged).trimEnd().split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(120);
    expect(lines[2]).toMatch(/^\| source KILL +\| +\| !L 125 /);
    expect(matrixMarkdown([{ cell: killed, seen: seen(lost), problems: [] }])).toContain('| L 1.0 ');
  });
});
