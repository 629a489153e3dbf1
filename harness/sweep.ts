/** Sweeps: a file of cells and repetitions → runs in random order, stored, and gone on with after an interruption. */
export type { Mishap } from './sweep/text.ts';
export { outcomeText, planText, runLine, trialText } from './sweep/text.ts';
export type { BegunSweep } from './sweep/perform.ts';
export { inspectSweep, performSweep } from './sweep/perform.ts';
export { planDocument } from './sweep/plan.ts';
export { cellsTable } from './sweep/table.ts';
export { judgedCells } from './sweep/judged.ts';
export { prepareSweep } from './sweep/prepare.ts';
