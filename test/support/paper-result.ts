import { integrityOf } from '#harness/measure/integrity';
import type { RunResult } from '#harness/result';
import { conclude } from '#harness/run/conclude';
import { defaultTransfer } from '#catalogue/capabilities';
import { startRecord } from '#harness/run/record';
import { scriptedScenario } from './scripted-testbed.ts';
import {
  pageCount,
  paperCollected,
  paperDestination,
  paperProfile,
  paperRttMs,
  paperSource,
} from './synthetic-migration.ts';

/** The result of the synthetic migration, as a run would return it. */
export const completedPaperResult = (): RunResult => {
  const verified = { pagesCompared: pageCount, mismatches: 0, staleReads: 0, firstMismatches: [] };
  const integrity = integrityOf(paperSource(), paperDestination(), verified, 'destination');
  const record = startRecord(scriptedScenario);
  record.integrity = integrity;
  const transfer = {
    ...defaultTransfer,
    bulkWindowBytes: 4e6,
    roundEndWindowBytes: 4e6,
    postcopyWindowBytes: 875_000,
    postcopyMessageBytes: 54_688,
    leastMessageBytes: 16_384,
    orderBytes: 1_048_576,
  };
  return conclude(record, integrity, paperCollected(), {
    profile: paperProfile,
    rttMs: paperRttMs,
    transfer,
    pingIntervalMs: 1,
  });
};
