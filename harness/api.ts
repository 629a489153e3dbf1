/** The programming interface, `livemig`: what the commands do, for programs. docs/api.md describes it. */
export type { Observed } from './api/observed.ts';
export type { Thresholds } from './api/judge.ts';
export { judge } from './api/judge.ts';
export type { Running, RunSettings, ScenarioInput } from './api/run.ts';
export { run } from './api/run.ts';
export type { SweepEvent, SweepOutcome, SweepSettings, TrialOfSweep } from './api/sweep.ts';
export { sweep } from './api/sweep.ts';
export type { OpenTestbed, TestbedSettings } from './api/testbed.ts';
export { openTestbed } from './api/testbed.ts';
export type { ValidateSettings } from './api/validate.ts';
export { validate } from './api/validate.ts';

export type { CompletedRun, RunResult, RunState } from './result.ts';
export type { RunEvent, RunPhase } from './run/events.ts';
export type { ThresholdVerdict } from './thresholds/judge.ts';
export type { DriverName } from './testbed/testbed.ts';
export type { Judgement } from './trends/judgement.ts';
export type { TrendVerdict } from './trends/index.ts';

export type { ErrorCode } from '#proto/errors';
export { LivemigError } from '#proto/errors';
