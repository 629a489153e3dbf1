import { control, runState } from './shared.ts';

/**
 * A thread of the guest between two runs: reports that it is out of the guest, and waits for the order to run.
 * @returns false = it is stopped for good.
 */
export const park = (controls: Int32Array): boolean => {
  Atomics.add(controls, control.parked, 1);
  Atomics.notify(controls, control.parked);
  for (;;) {
    const state = Atomics.load(controls, control.runState);
    if (state === runState.running) break;
    if (state === runState.stopped) return false;
    Atomics.wait(controls, control.runState, state);
  }
  Atomics.sub(controls, control.parked, 1);
  return true;
};
