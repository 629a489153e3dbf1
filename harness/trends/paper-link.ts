import type { LinkAsRun } from '../result.ts';

/** The link of a synthetic run, calibrated and within tolerance. */
export const calibrationOf = ({
  profile,
  mbps,
  rttMs,
}: {
  profile: string;
  mbps: number;
  rttMs: number;
}): LinkAsRun => {
  const direction = {
    rateMbps: mbps / 0.94,
    delayMs: rttMs / 2,
    jitterMs: 0,
    lossPercent: 0,
    bufferMs: 20,
  };
  const readBack = { sourceToDestination: 'qdisc tbf', destinationToSource: 'qdisc tbf' };
  return {
    profile,
    backend: 'nfqueue',
    definition: {
      name: profile,
      description: 'a link on paper',
      sourceToDestination: direction,
      destinationToSource: direction,
    },
    readBack,
    calibration: {
      ok: true,
      reasons: [],
      backend: 'nfqueue',
      applied: { backend: 'nfqueue', profile, readBack },
      targetRttMs: rttMs,
      rttMs: rttMs * 1.01,
      rtt: { samples: 200, lost: 0, minMs: rttMs * 0.98, medianMs: rttMs * 1.01, maxMs: rttMs * 1.2 },
      uncorrectedRttMs: rttMs + 0.4,
      delayCorrectionMs: 0.2,
      goodputMbps: mbps,
      reverseGoodputMbps: mbps,
      expectedGoodputMbps: mbps,
      goodputRatio: 1,
      throughputAttempts: 1,
      throughputMeasured: { runId: 'paper', at: '2026-11-20T08:59:00.000Z', ageMs: 500 },
      durationMs: 3000,
    },
  };
};
