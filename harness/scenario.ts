/** Scenarios: files and command-line options → a complete, valid experiment, or every problem at once. */
export type { HostLoadConfig, Scenario } from './scenario/types.ts';
export { guestConfigOf, unjudged } from './scenario/types.ts';
export { loadScenario } from './scenario/load.ts';
export { parseLimits } from './scenario/limits.ts';
export { badInput, parseScenario } from './scenario/parse.ts';
export type { StatedTraits } from './scenario/parse.ts';
export { filesOf } from './scenario/files.ts';
export type { Section } from './scenario/shorthand.ts';
