import { LivemigError, toErrorDocument } from '../../proto/errors.ts';
import type { Evidence, RunResult } from '../result.ts';

const evidenceOf = (result: RunResult): Evidence =>
  result.state === 'completed'
    ? { source: null, destination: null, rounds: result.measurement.rounds, measurement: result.measurement }
    : result.evidence;

/** A result whose link turned out wrong after the run: its numbers are evidence from now on, and no result. */
export const invalidated = (result: RunResult, reasons: readonly string[]): RunResult => ({
  ...result,
  state: 'invalid',
  measurement: null,
  error: toErrorDocument(
    new LivemigError(
      'LINK_OUT_OF_TOLERANCE',
      `after this run the link wasn't what its profile ${result.link.profile} says: ${reasons.join('; ')}`,
    ),
  ),
  evidence: evidenceOf(result),
});
