/** Scenarios: files and command-line options → a complete, valid experiment, or every problem at once. */
export type { Scenario } from './scenario/types.ts';
export { guestConfigOf } from './scenario/types.ts';
export { loadScenario } from './scenario/load.ts';
export { parseLimits } from './scenario/limits.ts';
export { badInput, parseScenario } from './scenario/parse.ts';
export type { Section } from './scenario/shorthand.ts';
