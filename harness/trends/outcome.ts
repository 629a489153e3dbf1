import type { ErrorCode } from '#proto/errors';
import type { RunResult } from '../result.ts';

/** Failures of the testbed, which say nothing about the migration. */
const testbedFailures: readonly ErrorCode[] = [
  'TESTBED_FAILED',
  'LINK_NOT_APPLIED',
  'AGENT_UNREACHABLE',
  'CONNECTION_LOST',
  'CONNECTION_REFUSED',
];

/** Whether the migration failed; runs spoilt by machine or testbed (`invalid`, `aborted`, `unsupported`) didn't. */
export const hasFailed = (run: RunResult): boolean =>
  run.state === 'failed' && !testbedFailures.includes(run.error.code);
