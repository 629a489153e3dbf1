import { rttMsOf } from '#proto/link';
import type { CalibrationReport } from '../calibration.ts';
import { formatMs, formatRate } from '../format.ts';

type Measured = NonNullable<CalibrationReport['link']['calibration']>;

const countText = (
  { measured, expected, tolerance }: { measured: number; expected: number; tolerance: number },
  what: string,
): string[] =>
  // Of what a link doesn't have, nothing is told unless it is seen.
  measured === 0 && expected === 0
    ? []
    : [`${measured} ${what} (expected ${expected.toFixed(1)} ± ${tolerance.toFixed(1)})`];

const spreadText = ({ rtt }: Measured): string[] =>
  rtt.p10Ms === undefined || rtt.p90Ms === undefined
    ? []
    : [
        `  round trips: ${formatMs(rtt.p10Ms)} at the 10th percentile, ${formatMs(rtt.medianMs)} at the 50th, ` +
          `${formatMs(rtt.p90Ms)} at the 90th, of ${rtt.samples}`,
      ];

const packetsText = ({ packets }: Measured): string[] => {
  if (packets === undefined) return [];
  const { sent, lost, lossBursts, duplicates, overtakes } = packets;
  return [
    `  of ${sent} packets: ` +
      [
        ...countText(lost, 'lost'),
        ...countText(lossBursts, 'bursts of loss'),
        ...countText(duplicates, 'came twice'),
        ...countText(overtakes, 'overtook'),
      ].join(', '),
  ];
};

/** A calibration for people: the profile next to the measurement. */
export const calibrationText = ({ ok, driver, link, error }: CalibrationReport): string => {
  const { definition, calibration } = link;
  const isAlike = definition?.sourceToDestination.rateMbps === definition?.destinationToSource.rateMbps;
  /** Of either direction, where they differ. */
  const rates = (there: number, back: number): string =>
    isAlike ? formatRate(there) : `${formatRate(there)} there and ${formatRate(back)} back`;
  const wanted =
    definition === null
      ? ''
      : `   profile ${formatMs(rttMsOf(definition))}, ` +
        `${rates(definition.sourceToDestination.rateMbps, definition.destinationToSource.rateMbps)} on the wire`;
  return [
    `${link.profile}: ${ok ? 'within tolerance' : 'OUT OF TOLERANCE'} (driver ${driver ?? '–'}, backend ${link.backend ?? '–'})`,
    calibration === null
      ? '  nothing measured'
      : `  measured ${formatMs(calibration.rttMs)}, ${rates(calibration.goodputMbps, calibration.reverseGoodputMbps)} of TCP payload${wanted}`,
    ...(calibration === null ? [] : [...spreadText(calibration), ...packetsText(calibration)]),
    ...(error === null ? [] : [`  ${error.message}`]),
  ].join('\n');
};
