import { defaultCapabilities } from '#catalogue/capabilities';
import { defaultContent } from '#catalogue/contents';
import type { CapabilityValue } from '#proto/capabilities';
import { formatMs, formatRate } from '../format.ts';
import type { RunResult } from '../result.ts';

const phraseOf = (name: string, value: CapabilityValue | undefined): string =>
  value === undefined ? `no ${name}` : value === true ? name : `${name}=${value}`;

/** The agent's switches that a run had set, one phrase each; empty if none. */
export const switchesOf = ({
  limits,
  transfer,
  workload,
  capabilities,
  traffic = [],
  hosts,
  hostLoad,
  load,
  onTimeout,
  timeline = [],
}: RunResult['scenario']): string[] => {
  const { maxBandwidthMbps, maxPostcopyBandwidthMbps } = limits;
  const set: [boolean, string][] = [
    [maxBandwidthMbps > 0, `at most ${formatRate(maxBandwidthMbps)} before the switchover`],
    [maxPostcopyBandwidthMbps > 0, `at most ${formatRate(maxPostcopyBandwidthMbps)} in post-copy`],
    ...traffic.map(({ kind, rateMbps }): [boolean, string] => [
      true,
      `beside ${kind} at ${formatRate(rateMbps)}`,
    ]),
    [hosts !== undefined, `hosts of ${hosts?.cpus ?? 0} CPUs`],
    [hostLoad !== undefined, `a load of ${hostLoad?.share ?? 0} at ${hostLoad?.at.join(' and ') ?? ''}`],
    ...(load === undefined
      ? []
      : [[true, `under ${load.rate} ${load.arrivals} requests/s`] as [boolean, string]]),
    ...(onTimeout === undefined
      ? []
      : [[true, `${onTimeout.action} after ${formatMs(onTimeout.afterMs)}`] as [boolean, string]]),
    [timeline.length > 0, `a timeline of ${timeline.length} ${timeline.length === 1 ? 'entry' : 'entries'}`],
    [!transfer.dirtyBitmap, 'no dirty bitmap'],
    ...Object.keys({ ...defaultCapabilities, ...capabilities }).map((name): [boolean, string] => [
      capabilities[name] !== defaultCapabilities[name],
      phraseOf(name, capabilities[name]),
    ]),
    [workload.content !== defaultContent, `${workload.content} content`],
  ];
  return set.filter(([isSet]) => isSet).map(([, phrase]) => phrase);
};
