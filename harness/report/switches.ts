import { defaultCapabilities } from '../../proto/capabilities.ts';
import { formatRate } from '../format.ts';
import type { RunResult } from '../result.ts';

/** The switches of the agent that a run had set, one phrase each; empty where it had none. */
export const switchesOf = ({
  limits,
  transfer,
  workload,
  capabilities = defaultCapabilities,
}: RunResult['scenario']): string[] => {
  const { maxBandwidthMbps, maxPostcopyBandwidthMbps } = limits;
  const set: [boolean, string][] = [
    [maxBandwidthMbps > 0, `at most ${formatRate(maxBandwidthMbps)} before the switchover`],
    [maxPostcopyBandwidthMbps > 0, `at most ${formatRate(maxPostcopyBandwidthMbps)} in post-copy`],
    [transfer.faults !== 'preempt', `faults ${transfer.faults}`],
    [!transfer.dirtyBitmap, 'no dirty bitmap'],
    [transfer.channels > 1, `multifd=${transfer.channels}`],
    ...Object.entries(capabilities)
      .filter(([name]) => !(name in defaultCapabilities))
      .map(([name, value]): [boolean, string] => [true, value === true ? name : `${name}=${value}`]),
    [capabilities['zero-page-detection'] === undefined, 'no zero-page detection'],
    [workload.content !== 'random', `${workload.content} content`],
    [transfer.uniformPages, 'uniform pages elided'],
  ];
  return set.filter(([isSet]) => isSet).map(([, phrase]) => phrase);
};
