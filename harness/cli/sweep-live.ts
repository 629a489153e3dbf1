import type * as Sweep from '../sweep.ts';
import { showLive } from './live.ts';
import type { Live } from './live.ts';
import { tell } from './output.ts';
import { takesOrders } from './terminal.ts';

export interface SweepWatch {
  /** Inconclusive runs so far. */
  readonly mishaps: readonly Sweep.Mishap[];
  begin: Parameters<typeof Sweep.performSweep>[1]['watch'];
}

/** Shows a sweep: one line per run, and on a terminal the current run. @param introduce what to print first. */
export const watchSweep = (
  sweep: typeof Sweep,
  introduce: (begun: Sweep.BegunSweep) => string,
): SweepWatch => {
  const mishaps: Sweep.Mishap[] = [];
  let live: Live | undefined;
  return {
    mishaps,
    begin: (begun) => {
      const { state } = begun;
      tell(introduce(begun));
      for (const text of begun.torn) tell(text);
      if (begun.isTorn)
        tell('the last result was cut off when an earlier harness was killed; repeating its run');
      return {
        preparing: (what) => {
          tell(`predictions: ${what}`);
        },
        began: (trial, events) => {
          if (takesOrders(process.stderr)) live = showLive(sweep.trialText(trial), events, process.stderr);
        },
        ended: (trial, result, meaning) => {
          live?.stop();
          state.note(trial, result);
          if (meaning !== 'answer')
            mishaps.push({
              trial: { part: trial.part, labels: trial.labels, repeat: trial.repeat },
              state: result.state,
              message: `${result.error?.code ?? ''}: ${result.error?.message ?? ''}`,
            });
          tell(sweep.runLine(trial, result, meaning, state.ledger.isGivenUp(trial), state.progress));
        },
        refuted: (runs, reasons) => {
          live?.stop();
          const message = `LINK_OUT_OF_TOLERANCE: detected after the run: ${reasons.join('; ')}`;
          for (const { part, labels, repeat } of runs) {
            const trial = { part, labels, repeat };
            mishaps.push({ trial, state: 'invalid', message });
            tell(`discarded, will be repeated: ${sweep.trialText(trial)}: ${message}`);
          }
        },
      };
    },
  };
};
