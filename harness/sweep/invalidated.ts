import { LivemigError, toErrorDocument } from '#proto/errors';
import type { Evidence, RunResult } from '../result.ts';

const evidenceOf = (result: RunResult): Evidence => {
  if (result.state !== 'completed') return result.evidence;
  const { measurement } = result;
  const { rounds, linkCuts } = measurement;
  return { source: null, destination: null, rounds, linkCuts, measurement };
};

/** A result whose link turned out wrong after the run: its figures become evidence only. */
export const invalidated = (result: RunResult, reasons: readonly string[]): RunResult => ({
  ...result,
  state: 'invalid',
  measurement: null,
  error: toErrorDocument(
    new LivemigError(
      'LINK_OUT_OF_TOLERANCE',
      `after this run the link didn't match its profile ${result.link.profile}: ${reasons.join('; ')}`,
    ),
  ),
  evidence: evidenceOf(result),
});
