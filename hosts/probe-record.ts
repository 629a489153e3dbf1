import type { RttProbeResult } from '#proto/control';

/** What came back of probes that were sent one after another, each with its number. */
interface ProbeRecord {
  /** A probe's answer, or another copy of it. @returns how many have been answered */
  answered(nth: number, rttMs: number): number;
  /** Of the first `sent`; null where none of them came back. */
  result(sent: number): RttProbeResult | null;
}

export const probeRecord = (count: number): ProbeRecord => {
  const rttMs = new Float64Array(count).fill(NaN);
  const hasCome = (nth: number): boolean => !Number.isNaN(rttMs[nth] ?? NaN);
  let answers = 0;
  let duplicates = 0;
  let overtakes = 0;
  return {
    answered: (nth, ms) => {
      // A number that was never sent is no answer of ours.
      if (nth >= count) return answers;
      if (hasCome(nth)) duplicates += 1;
      else {
        rttMs[nth] = ms;
        answers += 1;
        if (hasCome(nth + 1)) overtakes += 1;
      }
      return answers;
    },
    result: (sent) => {
      const come = rttMs.subarray(0, sent).filter((ms) => !Number.isNaN(ms));
      if (come.length === 0) return null;
      come.sort();
      const at = (fraction: number): number => come[Math.floor(fraction * (come.length - 1))]!;
      let lossBursts = 0;
      for (let nth = 0; nth < sent; nth += 1)
        if (!hasCome(nth) && (nth === 0 || hasCome(nth - 1))) lossBursts += 1;
      return {
        samples: come.length,
        lost: sent - come.length,
        lossBursts,
        duplicates,
        overtakes,
        minMs: at(0),
        p10Ms: at(0.1),
        medianMs: at(0.5),
        p90Ms: at(0.9),
        maxMs: at(1),
      };
    },
  };
};
