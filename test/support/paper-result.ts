import { integrityOf } from '../../harness/measure/integrity.ts';
import type { RunResult } from '../../harness/result.ts';
import { conclude } from '../../harness/run/conclude.ts';
import { defaultTransfer } from '../../proto/strategy.ts';
import { startRecord } from '../../harness/run/record.ts';
import { scriptedScenario } from './scripted-testbed.ts';
import {
  pageCount,
  paperCollected,
  paperDestination,
  paperProfile,
  paperRttMs,
  paperSource,
} from './synthetic-migration.ts';

/** The result of the paper migration, as a run would conclude it. */
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
