import { LivemigError } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import type { TransferConfig } from '#proto/strategy';
import { crossCheck, disagreementOf } from '../measure/cross-checks.ts';
import { violationsOf } from '../measure/integrity.ts';
import type { LinkInForce } from '../measure/links.ts';
import type { GuestSize } from '../measure/integrity.ts';
import { measure } from '../measure/measure.ts';
import { downtimeLimitOf } from '../measure/downtime-limit.ts';
import type { Collected } from '../measure/measure.ts';
import type { CrossCheck, Integrity, Measurement, RunResult } from '../result.ts';
import { completedResult } from './record.ts';
import type { RunRecord } from './record.ts';
import { sizeOf } from './verification.ts';

/** What is wrong with the guest, or else `failure`, which then is the cause of nothing else. */
export const withDamage = (failure: unknown, integrity: Integrity | null, size: GuestSize): unknown => {
  const problems = integrity === null ? [] : violationsOf(integrity, size);
  if (problems.length === 0) return failure;
  const message = `the guest was damaged: ${problems.join('; ')}`;
  return new LivemigError('INTEGRITY_VIOLATED', message, failure === null ? {} : { cause: failure });
};

/** @throws LivemigError CROSS_CHECK_FAILED */
const requireAgreement = (checks: readonly CrossCheck[]): void => {
  const problems = checks.filter(({ verdict }) => verdict === 'disagree').map(disagreementOf);
  if (problems.length > 0)
    throw new LivemigError('CROSS_CHECK_FAILED', `two measurements disagree: ${problems.join('; ')}`);
};

interface LinkOfResult {
  profile: LinkProfile;
  rttMs: number;
  transfer: TransferConfig;
  pingIntervalMs: number;
}

/** What its link was when, after the start of the migration. */
const linksOf = (
  { timeline, source }: Collected,
  { profile, rttMs, transfer: { postcopyWindowBytes } }: LinkOfResult,
): LinkInForce[] => {
  const { startedAtMs } = source.timeline;
  return timeline === null
    ? [{ fromMs: -Infinity, untilMs: Infinity, profile, rttMs, postcopyWindowBytes }]
    : timeline.links.map((link) => ({
        ...link,
        fromMs: link.fromMs - startedAtMs,
        untilMs: link.untilMs - startedAtMs,
      }));
};

/**
 * The result of a migration that ended well, if the oracles let it pass. Damage to the guest outweighs whatever else
 * is wrong, such as reports that can't be measured.
 * @throws LivemigError INTEGRITY_VIOLATED, CROSS_CHECK_FAILED, PROTOCOL_VIOLATION; the record then has the evidence
 */
export const conclude = (
  record: RunRecord,
  integrity: Integrity,
  collected: Collected,
  link: LinkOfResult,
): RunResult => {
  let failure: unknown = null;
  let measurement: Measurement | null = null;
  try {
    const measured = measure(collected);
    measurement = { ...measured, downtimeLimit: downtimeLimitOf(measured, record.scenario) };
    record.evidence.measurement = measurement;
    const { timeline } = collected;
    record.crossChecks = crossCheck({
      measurement,
      links: linksOf(collected, link),
      pingIntervalMs: link.pingIntervalMs,
      timelineLateMs: timeline === null ? null : timeline.lateMs,
    });
    requireAgreement(record.crossChecks);
  } catch (error) {
    failure = error;
  }
  failure = withDamage(failure, integrity, sizeOf(record.scenario));
  if (failure !== null || measurement === null) throw failure;
  return completedResult(record, measurement);
};
