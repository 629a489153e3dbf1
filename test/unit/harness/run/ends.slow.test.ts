import { describe, expect, test } from '@jest/globals';
import { Subject } from 'rxjs';
import type { RunResult } from '#harness/result';
import { runPhases } from '#harness/run/events';
import type { RunEvent } from '#harness/run';
import { runScenario } from '#harness/run';
import { summaryOf } from '#harness/report/summary';
import type { HostRole } from '#proto/control';
import { hostRoles } from '#proto/control';
import { schemaProblems } from '#test/support/result-schema';
import type { ScriptedStatus } from '#test/support/scripted-ends';
import { scriptedEnds, scriptedStatuses } from '#test/support/scripted-ends';
import type { ScriptedSignal } from '#test/support/scripted-testbed';
import { scriptedScenario } from '#test/support/scripted-testbed';

/** Every way to end × every phase: each must end, say where the guest is, whether it was verified, and what to do. */

const patience = { pulseMs: 40, stoppedMs: 200, silentMs: 2000, noticeMs: 1000, settleMs: 1500 };

const beforeGuest = ['link', 'calibrate', 'boot'] as const;
const afterGuest = ['collect', 'verify'] as const;
const phases = [...beforeGuest, 'warm-up', ...scriptedStatuses, ...afterGuest] as const;
type Phase = (typeof phases)[number];

const isStatus = (phase: Phase): phase is ScriptedStatus =>
  scriptedStatuses.includes(phase as ScriptedStatus);

type Way = 'Ctrl-C' | `${'KILL' | 'STOP'} ${HostRole}`;
const ways: Way[] = ['Ctrl-C', ...hostRoles.flatMap((role) => [`KILL ${role}`, `STOP ${role}`] as Way[])];

interface Expected {
  where: RunResult['guest']['where'];
  verified: boolean;
}

const is = (where: Expected['where'], verified = false): Expected => ({ where, verified });

/** Where the guest must be, given which process is hit and how. */
const expectedOf = (way: Way, phase: Phase, result: RunResult): Expected => {
  const [signal, role] = way.split(' ') as [string, HostRole | undefined];
  // Nobody needs the observer there, so when it is found to be stopped the guest may have been started.
  const isEarly = (beforeGuest as readonly string[]).includes(phase);
  if (isEarly)
    return way === 'STOP observer' && result.guest.where === 'source' ? is('source', true) : is('nowhere');
  const atSource = phase === 'warm-up' || ['setup', 'active', 'pre-switchover'].includes(phase);
  const isOver = (afterGuest as readonly string[]).includes(phase);
  if (role === undefined)
    return is(atSource ? 'source' : isOver || phase === 'postcopy-active' ? 'destination' : 'unknown');
  if (role === 'wan' || role === 'observer') return phase === 'postcopy-active' && role === 'wan' ? is('destination') : is(atSource || phase === 'device' ? 'source' : 'destination', true); // prettier-ignore
  if (role === 'source') {
    if (isOver) return is('destination');
    if (signal === 'KILL') return is('lost');
    return is(atSource ? 'source' : phase === 'device' ? 'unknown' : 'destination');
  }
  if (isOver || phase === 'postcopy-active') return is(signal === 'KILL' ? 'lost' : 'destination');
  return is('source', true);
};

/** In post-copy the destination has said that the guest runs there: until then nobody knows. */
const begins = (phase: Phase, event: RunEvent): boolean => {
  if (phase === 'postcopy-active')
    return event.type === 'guest' && event.host === 'destination' && event.running;
  return (
    (event.type === 'phase' && event.phase === phase) || (event.type === 'status' && event.status === phase)
  );
};

const end = async (way: Way, phase: Phase): Promise<RunResult> => {
  const { driver, send } = scriptedEnds();
  const controller = new AbortController();
  const events = new Subject<RunEvent>();
  let isDone = false;
  events.subscribe((event) => {
    if (!begins(phase, event) || isDone) return;
    isDone = true;
    const [signal, role] = way.split(' ') as [ScriptedSignal, HostRole | undefined];
    if (role === undefined) controller.abort('SIGINT');
    else send(role, signal);
  });
  const result = await runScenario(scriptedScenario, { driver, events, signal: controller.signal, patience });
  expect(driver.live).toBe(0);
  expect(isDone).toBe(true);
  return result;
};

/** "the migration was cancelled: the migration was cancelled" */
const repeats = (message: string): boolean => /(?:^|[:;] )([^:;]{8,}): \1(?:$|[:;])/.test(message);

const expectEnd = async (way: Way, phase: Phase): Promise<void> => {
  const result = await end(way, phase);
  expect(schemaProblems(result)).toEqual([]);
  const role = way.split(' ')[1];
  // A process that has done its part is not missed.
  const isMissed = !(phase === 'verify' && (role === 'wan' || role === 'observer'));
  if (!isMissed) {
    expect(result).toMatchObject({ state: 'completed', guest: { where: 'destination', verified: true } });
    return;
  }
  const { guest, error } = result;
  expect({ where: guest.where, verified: guest.verified, detail: guest.detail }).toEqual({
    ...expectedOf(way, phase, result),
    detail: guest.detail,
  });
  expect(result.state).toBe(way === 'Ctrl-C' ? 'aborted' : 'failed');
  expect(error?.code).toBe(way === 'Ctrl-C' ? 'CANCELLED' : 'AGENT_UNREACHABLE');
  if (role !== undefined) expect(error?.message).toContain(`the ${role} agent`);
  expect(repeats(error?.message ?? '')).toBe(false);
  expect(guest.unverified === null).toBe(guest.verified);
  expect(result.integrity === null).toBe(!guest.verified);
  expect(guest.advice).toMatch(/\w/);
  // A process with nothing to do in a phase is missed in the next one.
  const from = runPhases.indexOf(isStatus(phase) ? 'migrate' : phase);
  expect(runPhases.indexOf(result.endedIn.phase!)).toBeGreaterThanOrEqual(from);
  // People read it as well.
  const text = summaryOf(result, []);
  for (const part of [guest.detail, guest.advice!]) expect(text).toContain(part);
  if (guest.unverified !== null) expect(text).toContain(guest.unverified);
};

describe('a run ends', () => {
  // All ways at once, as most of the time is spent waiting.
  test.each(phases)(
    'in %s, whatever ends it',
    async (phase) => {
      const ends = await Promise.allSettled(ways.map((way) => expectEnd(way, phase)));
      const wrong = ends.flatMap((outcome, index) =>
        outcome.status === 'fulfilled' ? [] : [`${ways[index]!}: ${String(outcome.reason)}`],
      );
      expect(wrong).toEqual([]);
    },
    60_000,
  );

  test('a text that repeats itself is found (negative control)', () => {
    expect(repeats('CANCELLED: the migration was cancelled: the migration was cancelled')).toBe(true);
  });
});

describe('an agent that is stopped for less than its grace', () => {
  test.each(['warm-up', 'active'] as const)('in %s: the run completes', async (phase) => {
    const { driver, send } = scriptedEnds();
    const events = new Subject<RunEvent>();
    events.subscribe((event) => {
      const name = event.type === 'phase' ? event.phase : event.type === 'status' ? event.status : null;
      if (name !== phase) return;
      send('source', 'STOP');
      setTimeout(() => {
        send('source', 'CONT');
      }, 300);
    });
    const result = await runScenario(scriptedScenario, {
      driver,
      events,
      patience: { ...patience, stoppedMs: 60_000 },
    });
    expect(result).toMatchObject({
      state: 'completed',
      guest: { where: 'destination', verified: true, advice: null },
    });
  });
});
