import { decodeDirtyIntervals } from '#proto/dirty-history';
import { LivemigError, messageOf } from '#proto/errors';
import { pageSizeBytes } from '#proto/units';
import { settingsOf } from '#catalogue/capabilities';
import type { DirtyHistory } from '../prediction/history.ts';
import type { Run } from './context.ts';

/** For the history to come over, which is some 50 MB at most. */
const answerTimeoutMs = 30_000;

/** A recording of the guest of a run that is under way. */
export interface Recording {
  /** @throws LivemigError PROTOCOL_VIOLATION where the agent's answer is none */
  stop(): Promise<DirtyHistory>;
}

/** Pages that a migration's first round has to carry. */
const firstRoundPagesOf = ({ scenario, guests: [guest] }: Run, pageCount: number): number => {
  const { baseFootprintBytes } = scenario.guest;
  const footprint = Math.ceil(
    (baseFootprintBytes + (guest?.config.workload.regionBytes ?? 0)) / pageSizeBytes,
  );
  return settingsOf(scenario.capabilities).zeroPages
    ? Math.min(pageCount, Math.max(1, footprint))
    : pageCount;
};

/** Begins to record which pages the guest at the source dirties. */
export const recordDirtying = async (run: Run, intervalMs: number): Promise<Recording> => {
  const { clients, record, scenario, guests, clock } = run;
  const [guest] = guests;
  if (guest === undefined) throw new LivemigError('INTERNAL', 'expected a guest to record');
  const recordedAt = clock.timestamp();
  const { sinceStartMs } = await clients.source.call('startDirtyLog', { intervalMs }, { guestId: guest.id });
  return {
    stop: async () => {
      const { result, blob } = await clients.source.callWithBlob(
        'stopDirtyLog',
        {},
        { guestId: guest.id, timeoutMs: answerTimeoutMs },
      );
      const pageCount = Math.floor(guest.config.ramBytes / pageSizeBytes);
      const { calibration } = record.link;
      if (calibration === null) throw new LivemigError('INTERNAL', 'expected a calibrated link');
      try {
        const intervals = decodeDirtyIntervals(blob, pageCount);
        if (intervals.length === 0) throw new RangeError('no interval was recorded');
        return {
          header: {
            version: 1,
            recordedAt,
            runId: record.runId,
            scenario: scenario.name,
            driver: record.driver ?? scenario.driver,
            seed: scenario.seed,
            vcpus: scenario.guest.vcpus,
            deviceStateBytes: scenario.guest.deviceStateBytes,
            workload: Object.fromEntries(
              Object.entries(scenario.workload).flatMap(([name, value]) =>
                value === undefined ? [] : [[name, value]],
              ),
            ),
            pageSizeBytes,
            pageCount,
            nonZeroPages: firstRoundPagesOf(run, pageCount),
            intervalMs,
            sinceStartMs,
            intervals: intervals.length,
            full: result.full,
            link: {
              profile: record.link.profile.slice(0, 256),
              goodputMbps: calibration.goodputMbps,
              rttMs: calibration.rttMs,
            },
          },
          intervals,
        };
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        throw new LivemigError('PROTOCOL_VIOLATION', `the answer to stopDirtyLog: ${messageOf(cause)}`, {
          cause,
        });
      }
    },
  };
};
