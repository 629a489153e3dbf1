import type { ErrorCode } from '../../proto/errors.ts';
import type { RunResult } from '../result.ts';

/** The testbed's own failures: they say nothing of the migration. */
const testbedFailures: readonly ErrorCode[] = ['TESTBED_FAILED', 'LINK_NOT_APPLIED', 'AGENT_UNREACHABLE'];

/** The migration failed. What the machine or the testbed spoilt (`invalid`, `aborted`, `unsupported`) did not. */
export const hasFailed = (run: RunResult): boolean =>
  run.state === 'failed' && !testbedFailures.includes(run.error.code);
