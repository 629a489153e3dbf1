/** Whether a link that was calibrated for an earlier run is still what it was. */
import type { RttProbeResult } from '#proto/control';
import type { ProbeOptions } from './probe-link.ts';
import { measureRtt } from './probe-link.ts';
import { confirmPlanOf } from './probe-plan.ts';
import { rttReasons } from './tolerance.ts';

/** Fresh agents are slow at first, and one hiccup of the machine shifts the median of 40 round trips on a LAN. */
const attempts = 3;

/** @returns the round trip within tolerance of the profile, or null where none of the attempts was. */
export const confirmRtt = async (options: ProbeOptions): Promise<RttProbeResult | null> => {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const rtt = await measureRtt(options, confirmPlanOf(options.profile));
    if (rttReasons(options.profile, rtt.medianMs, rtt.samples).length === 0) return rtt;
  }
  return null;
};
