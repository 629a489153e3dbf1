// Not all of rxjs: its index loads 160 files, and a run waits for them.
import { Subject } from 'rxjs/internal/Subject';
import { runWarm } from '../keeper/run-warm.ts';
import type { DirtyHistory } from '../prediction/history.ts';
import { experimentText } from '../report/summary.ts';
import type { RunResult } from '../result.ts';
import type { RunEvent } from '../run/events.ts';
import type { TestbedLender } from '../run/loan.ts';
import type { Scenario } from '../scenario.ts';
import type { Recording, Store } from '../store.ts';
import { rescueResult } from '../store.ts';
import type { Try } from '../sweep/tries.ts';
import { saveHistory } from './history-file.ts';
import { showLive } from './live.ts';
import { tell } from './output.ts';

/** A run that is shown while it runs, and stored if it is kept. */

export interface Stored {
  result: RunResult;
  files: string[];
  /** The result couldn't be stored as requested; `files` says where it is instead. */
  failure: unknown;
}

export interface RecordedRunOptions {
  store: Store;
  /** The file that the guest's dirty history goes into; absent = none is recorded. */
  history?: string | null;
  /** Whether a testbed that `livemig up` keeps is used. */
  isWarm: boolean;
  /** Where it gets its testbed otherwise; absent = one of its own. */
  testbeds?: TestbedLender;
}

const storeResult = async (recording: Recording, result: RunResult): Promise<Stored> => {
  try {
    return { result, files: await recording.finish(result), failure: null };
  } catch (failure) {
    const file = await rescueResult(result);
    return { result, files: file === null ? [] : [file], failure };
  }
};

/** Both the screen and the store get the stream; the store waits for the decision whether to keep the result. */
export const runRecorded = async (
  scenario: Scenario,
  title: string,
  { store, history = null, isWarm, testbeds }: RecordedRunOptions,
  signal: AbortSignal,
): Promise<Try<Stored>> => {
  const events = new Subject<RunEvent>();
  const recording = await store.record(events);
  const live = showLive(title, events, process.stderr);
  try {
    const recorded: DirtyHistory[] = [];
    const options = { signal, events, ...(testbeds === undefined ? {} : { testbeds }) };
    const ownRun = async (): Promise<RunResult> => {
      // A run in a kept testbed has no use for it.
      const { runScenario } = await import('../run.ts');
      const onHistory = (dirtied: DirtyHistory): void => {
        recorded.push(dirtied);
      };
      return runScenario(scenario, { ...options, ...(history === null ? {} : { onHistory }) });
    };
    const result = await (isWarm ? runWarm(scenario, { ...options, tell }) : ownRun());
    const [dirtied] = recorded;
    if (history !== null && dirtied !== undefined) await saveHistory(history, dirtied);
    const keep = async (): Promise<Stored> => {
      try {
        return await storeResult(recording, result);
      } finally {
        await recording.discard();
      }
    };
    return { result, keep, drop: () => recording.discard() };
  } catch (error) {
    await recording.discard();
    throw error;
  } finally {
    live.stop();
    events.complete();
  }
};

/** @param run from 0 */
export const titleOf = (scenario: Scenario, run: number): string => {
  const count = scenario.repeat === 1 ? '' : ` (run ${run + 1} of ${scenario.repeat})`;
  const experiment = experimentText({
    scenario,
    strategy: scenario.strategy,
    link: { profile: scenario.link },
  });
  return `${scenario.name}${count}: ${experiment}`;
};
