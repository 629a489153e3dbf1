import { describe, expect, test } from '@jest/globals';
import { Cast } from '#harness/run/actor';
import type { Actors, RunActor } from '#harness/run/actor';
import type { Run } from '#harness/run/context';
import { stageNames } from '#harness/run/events';
import { runScenario } from '#harness/run';
import { defaultPatience } from '#harness/patience';
import { machineClock } from '#harness/clock';
import type { ControlHandlers } from '#proto/control';
import { LivemigError } from '#proto/errors';
import { scriptedDriver, scriptedScenario } from '#test/support/scripted-testbed';

const patience = { ...defaultPatience, actorMs: 100, noticeMs: 50 };
/** The only parts of a run that a cast itself uses. */
const run = { patience, clock: machineClock } as unknown as Run;

/** Notes what is called, and fails when told to. */
const noting = (
  notes: string[],
  name: string,
  [from, until]: [RunActor['from'], RunActor['until']],
  failing: Partial<Record<'prepare' | 'start' | 'stop' | 'collect', unknown>> = {},
): RunActor => {
  const act = async (hook: keyof typeof failing, note = `${name} ${hook}`): Promise<unknown> => {
    notes.push(note);
    if (failing[hook] === 'hangs') await new Promise(() => undefined);
    if (hook in failing) throw failing[hook];
    return `of ${name}`;
  };
  return {
    from,
    until,
    prepare: async () => {
      await act('prepare');
    },
    start: async () => {
      await act('start');
    },
    stop: async (_run, how) => {
      await act('stop', `${name} ${how}`);
    },
    collect: () => act('collect'),
  };
};

/** As a run does it. @returns what was collected */
const play = async (actors: Actors, notes: string[], failsAt?: string): Promise<unknown> => {
  const cast = new Cast(run, actors);
  let collected: unknown = null;
  try {
    for (const stage of stageNames) {
      await cast.begin(stage);
      notes.push(stage);
      if (stage === failsAt) throw new LivemigError('NOT_CONVERGED', 'the stage failed');
      await cast.end(stage);
      if (stage === 'link') await cast.prepare();
      if (stage === 'collect') collected = await cast.collect();
    }
    return collected;
  } catch (error) {
    return { error, problems: await cast.abandon() };
  }
};

describe('the actors of a run', () => {
  test('start before their first stage, stop after their last in reverse order, and are collected by name', async () => {
    const notes: string[] = [];
    const actors = {
      counters: noting(notes, 'counters', ['migrate', 'collect']),
      pings: noting(notes, 'pings', ['warm-up', 'collect']),
      cpu: noting(notes, 'cpu', ['migrate', 'migrate']),
    };
    expect(await play(actors, notes)).toEqual({
      counters: 'of counters',
      pings: 'of pings',
      cpu: 'of cpu',
    });
    expect(notes).toEqual([
      'link',
      'counters prepare',
      'pings prepare',
      'cpu prepare',
      'boot',
      'pings start',
      'warm-up',
      'counters start',
      'cpu start',
      'migrate',
      'cpu done',
      'collect',
      'pings done',
      'counters done',
      'counters collect',
      'pings collect',
      'cpu collect',
      'verify',
    ]);
  });

  test('all stop exactly once, in reverse order, whatever fails and wherever', async () => {
    const notes: string[] = [];
    const actors = {
      first: noting(notes, 'first', ['link', 'verify']),
      second: noting(notes, 'second', ['boot', 'verify'], { stop: new LivemigError('TIMEOUT', 'stuck') }),
      third: noting(notes, 'third', ['boot', 'boot']),
      late: noting(notes, 'late', ['collect', 'collect']),
    };
    const outcome = await play(actors, notes, 'migrate');
    expect(outcome).toMatchObject({ error: { code: 'NOT_CONVERGED' } });
    expect(outcome).toHaveProperty('problems', ['actor second, stopping: stuck']);
    expect(notes.filter((note) => /done|abandoned/.test(note))).toEqual([
      'third done',
      'second abandoned',
      'first abandoned',
    ]);
  });

  test('an actor that failed to start is stopped as well, and named', async () => {
    const notes: string[] = [];
    const actors = {
      load: noting(notes, 'load', ['warm-up', 'collect'], {
        start: new LivemigError('UNSUPPORTED', 'no iperf3'),
      }),
    };
    expect(await play(actors, notes)).toMatchObject({
      error: { code: 'UNSUPPORTED', message: 'actor load, starting', cause: { message: 'no iperf3' } },
      problems: [],
    });
    expect(notes).toContain('load abandoned');
  });

  test('a hook that hangs is cut short, and sooner when it is abandoned', async () => {
    const notes: string[] = [];
    const hanging = { load: noting(notes, 'load', ['boot', 'boot'], { prepare: 'hangs' }) };
    expect(await play(hanging, notes)).toMatchObject({
      error: { code: 'TIMEOUT', message: 'actor load, being prepared' },
    });
    const stuck = { load: noting(notes, 'load', ['boot', 'verify'], { stop: 'hangs' }) };
    expect(await play(stuck, notes, 'boot')).toMatchObject({
      problems: [expect.stringContaining('actor load, stopping: it took longer than 50 ms')],
    });
  });

  test('an aborted run is not blamed on an actor', async () => {
    const notes: string[] = [];
    const aborted = new LivemigError('CANCELLED', 'the run was aborted');
    const actors = { load: noting(notes, 'load', ['boot', 'boot'], { start: aborted }) };
    expect(await play(actors, notes)).toMatchObject({ error: aborted });
  });
});

describe('actors in a run', () => {
  test('the actor that failed is named, and the others are stopped', async () => {
    const stopLinkSamples: ControlHandlers['stopLinkSamples'] = async () => {
      throw new LivemigError('LINK_NOT_APPLIED', 'the router counts no more');
    };
    const driver = scriptedDriver({ wan: { stopLinkSamples } });
    const result = await runScenario(scriptedScenario, { driver });
    expect(result).toMatchObject({ state: 'failed', error: { code: 'LINK_NOT_APPLIED' } });
    expect(result.error?.message).toContain('actor router, stopping: the router counts no more');
    expect(driver.calls.filter((call) => call === 'observer.stopPings')).toHaveLength(1);
  });

  test('what was started is stopped when the migration fails', async () => {
    const migrate: ControlHandlers['migrate'] = async () => {
      throw new LivemigError('PROTOCOL_VIOLATION', 'nonsense');
    };
    const driver = scriptedDriver({ source: { migrate } });
    await runScenario(scriptedScenario, { driver, patience: { noticeMs: 200, settleMs: 200 } });
    expect(driver.calls).toContain('observer.stopPings');
    expect(driver.calls).toContain('wan.stopLinkSamples');
  });
});
