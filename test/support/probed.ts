import type { RttProbeResult } from '#proto/control';

/** Forty probes that all took as long, but for what is given. */
export const probed = (rttMs: number, change: Partial<RttProbeResult> = {}): RttProbeResult => ({
  samples: 40,
  lost: 0,
  lossBursts: 0,
  duplicates: 0,
  overtakes: 0,
  minMs: rttMs,
  p10Ms: rttMs,
  medianMs: rttMs,
  p90Ms: rttMs,
  maxMs: rttMs,
  ...change,
});
