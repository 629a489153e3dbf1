/** Sweeps: a file of cells and repetitions → runs in random order, stored, and gone on with after an interruption. */
export type { Mishap } from './sweep/text.ts';
export { outcomeText, planText, runLine, trialText } from './sweep/text.ts';
export { inspectSweep, performSweep } from './sweep/perform.ts';
export { planDocument } from './sweep/plan.ts';
export { prepareSweep } from './sweep/prepare.ts';
export type { SweepState } from './sweep/state.ts';
