import { expect, test } from '@jest/globals';
import { defaultLimits } from '#catalogue/limits';
import { runScenario } from '#harness/run';
import type { RunEvent } from '#harness/run';
import { monotonicMs } from '#proto/units';
import { schemaProblems } from '#test/support/result-schema';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';

const minuteMs = 60_000;
const warmupMs = 10 * minuteMs;
/** A migration may take this long, so that its calls' time limits don't end it. */
const limits = { ...defaultLimits, maxPrecopyMs: 60 * minuteMs };

/** On a testbed whose time is not this machine's, and whose agents are in this process. */
const runVirtually = async (patience = {}, changes: Parameters<typeof scriptedDriver>[0] = {}) => {
  const driver = scriptedDriver(changes, undefined, undefined, true);
  const events: RunEvent[] = [];
  const startedAtMs = monotonicMs();
  const result = await runScenario(
    { ...scriptedScenario, limits, warmupMs },
    { driver, patience, events: { next: (event) => events.push(event) } },
  );
  return { result, events, tookMs: monotonicMs() - startedAtMs };
};

test('a run of virtual minutes takes hardly any time: it waits only by its testbed’s clock', async () => {
  const { result, events, tookMs } = await runVirtually();
  expect(result).toMatchObject({ state: 'completed', error: null });
  expect(schemaProblems(result)).toEqual([]);
  expect(result.durationMs).toBeGreaterThan(warmupMs);
  expect(tookMs).toBeLessThan(warmupMs / 10);
  expect(result.link.calibration?.throughputMeasured.at).toMatch(/^1970-/);
  const atMs = (phase: string): number =>
    events.find((event) => event.type === 'phase' && event.phase === phase)?.atMs ?? NaN;
  expect(atMs('migrate') - atMs('warm-up')).toBeGreaterThanOrEqual(warmupMs);
});

test('limits go by that clock as well: a side that never ends is given up on after virtual minutes', async () => {
  const { result, tookMs } = await runVirtually(
    { noticeMs: 10 * minuteMs, settleMs: 10 * minuteMs },
    { destination: { migrateIncoming: () => new Promise(() => undefined) } },
  );
  expect(result).toMatchObject({ state: 'failed', error: { code: 'TIMEOUT' } });
  expect(result.durationMs).toBeGreaterThan(warmupMs + 10 * minuteMs);
  expect(tookMs).toBeLessThan(minuteMs);
});
