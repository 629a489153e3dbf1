import { constants } from 'node:os';
import { tell } from './output.ts';

/** Ctrl-C reaches the whole process group, and bin/bootstrap.js forwards it too: within this time both count as one. */
const sameKeypressMs = 1000;

export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
  /** 128 + the signal's number, as in shells (130 for Ctrl-C); undefined if there was none. */
  readonly exitCode: number | undefined;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts, so that the run cleans up; another one, more than a second later, ends
 * the process at once, and the next run removes what it leaves.
 * @param beforeExit restores the terminal before a forced exit.
 */
export const onInterrupt = (beforeExit: () => void = () => undefined): Interrupt => {
  const controller = new AbortController();
  let firstAtMs: number | undefined;
  let exitCode: number | undefined;
  const handle = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      exitCode = 128 + constants.signals[name];
      tell(`\nlivemig: ${name}: stopping and cleaning up; press again to exit without cleaning up`);
      controller.abort(name);
    } else if (nowMs - firstAtMs > sameKeypressMs) {
      beforeExit();
      process.exit(exitCode);
    }
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, handle);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, handle);
    },
  };
};
