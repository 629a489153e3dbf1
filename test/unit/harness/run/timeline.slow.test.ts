import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { RunResult } from '#harness/result';
import { runScenario } from '#harness/run';
import { readTimeline } from '#harness/timeline/entries';
import type { ArgumentOf, ControlHandlers } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { schemaProblems } from '#test/support/result-schema';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';
import { paperSource } from '#test/support/synthetic-migration';

/** What a timeline tells agents that answer from a script, and what of it a run says. */

interface Told {
  result: RunResult;
  links: ArgumentOf<'applyLink'>[];
  calls: readonly string[];
}

/** The migration takes 300 ms. */
const play = async (text: string, router: ControlHandlers = {}): Promise<Told> => {
  const read = readTimeline(text);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  const links: ArgumentOf<'applyLink'>[] = [];
  const readBack = { sourceToDestination: 'tbf', destinationToSource: 'tbf' };
  const wan: ControlHandlers = {
    applyLink: async (link) => {
      links.push(link);
      return { backend: link.backend, profile: link.profile.name, readBack };
    },
    restoreLink: async () => ({}),
    ...router,
  };
  const source: ControlHandlers = {
    migrate: async () => {
      await sleep(300);
      return paperSource();
    },
    migrateSetTransfer: async () => ({ status: 'active' }),
  };
  const driver = scriptedDriver({ wan, source });
  const result = await runScenario({ ...scriptedScenario, timeline: read.entries }, { driver });
  expect(schemaProblems(result)).toEqual([]);
  return { result, links, calls: driver.calls };
};

describe('a timeline', () => {
  test('changes a link in use, and restores what was calibrated when everything has been measured', async () => {
    const { result, links, calls } = await play('50 link rateMbps=100; 100 link delayMs=20 lossPercent=1');
    expect(result.timeline).toMatchObject([{ outcome: 'done' }, { outcome: 'done' }]);
    const [calibrated, ...changes] = links;
    expect(changes).toMatchObject([
      { isLive: true, profile: { sourceToDestination: { rateMbps: 100, delayMs: 2.75, lossPercent: 0 } } },
      { isLive: true, profile: { destinationToSource: { rateMbps: 100, delayMs: 20, lossPercent: 1 } } },
      { profile: calibrated!.profile, delayCorrectionMs: calibrated!.delayCorrectionMs },
    ]);
    expect(changes.at(-1)).not.toHaveProperty('isLive');
    // It will have loss, of which a backend may have to know beforehand.
    expect(links.every(({ mayHitPackets }) => mayHitPackets === true)).toBe(true);
    const last = (call: string): number => calls.lastIndexOf(call);
    expect(last('wan.applyLink')).toBeGreaterThan(last('observer.stopPings'));
    expect(last('wan.applyLink')).toBeGreaterThan(last('wan.linkCounters'));
    expect(last('wan.applyLink')).toBeGreaterThan(last('wan.restoreLink'));
    expect(calls.filter((call) => call === 'source.migrateSetTransfer')).toHaveLength(2);
  });

  test('without changes, nothing is applied again (negative control)', async () => {
    const { links } = await play('10min cancel');
    expect(links).toHaveLength(1);
    expect(links[0]).not.toHaveProperty('mayHitPackets');
  });

  test('a link that the router refuses makes the run fail, with the reason', async () => {
    const applyLink: ControlHandlers['applyLink'] = async ({ profile, backend, isLive = false }) => {
      if (isLive) throw new LivemigError('LINK_NOT_APPLIED', 'tc will not have it');
      return {
        backend,
        profile: profile.name,
        readBack: { sourceToDestination: '', destinationToSource: '' },
      };
    };
    const { result } = await play('50 link rateMbps=100', { applyLink });
    expect(result).toMatchObject({
      state: 'failed',
      error: { code: 'LINK_NOT_APPLIED', message: expect.stringContaining('tc will not have it') as unknown },
      timeline: [{ outcome: 'failed', detail: expect.stringContaining('tc will not have it') as unknown }],
    });
  });

  test('a link that can’t be restored makes the run fail, too', async () => {
    let applied = 0;
    const applyLink: ControlHandlers['applyLink'] = async ({ profile, backend }) => {
      if (++applied === 3) throw new LivemigError('LINK_NOT_APPLIED', 'gone');
      return {
        backend,
        profile: profile.name,
        readBack: { sourceToDestination: '', destinationToSource: '' },
      };
    };
    const { result } = await play('50 link rateMbps=100', { applyLink });
    expect(result).toMatchObject({ state: 'failed', error: { code: 'LINK_NOT_APPLIED' } });
    expect(result.timeline).toMatchObject([{ outcome: 'done' }]);
  });

  test('changes that contradict each other when they come are refused, and the run goes on', async () => {
    // Each is sound in the order of the list; the second comes first.
    const { result, links } = await play(
      '200 link delayMs=20 jitterMs=15; 50 link delayMs=10; 250 link delayMs=5',
    );
    expect(result.state).toBe('completed');
    expect(result.timeline).toMatchObject([
      { outcome: 'done' },
      { outcome: 'done' },
      { outcome: 'refused', detail: expect.stringContaining('expected at most delayMs') as unknown },
    ]);
    expect(links).toHaveLength(4);
  });
});
