import { rttMsOf } from '#proto/link';
import type { CalibrationReport } from '../calibration.ts';
import { formatMs, formatRate } from '../format.ts';

/** A calibration for people: the profile next to the measurement. */
export const calibrationText = ({ ok, driver, link, error }: CalibrationReport): string => {
  const { definition, calibration } = link;
  const wanted =
    definition === null
      ? ''
      : `   profile ${formatMs(rttMsOf(definition))}, ${formatRate(definition.sourceToDestination.rateMbps)} on the wire`;
  return [
    `${link.profile}: ${ok ? 'within tolerance' : 'OUT OF TOLERANCE'} (driver ${driver ?? '–'}, backend ${link.backend ?? '–'})`,
    calibration === null
      ? '  nothing measured'
      : `  measured ${formatMs(calibration.rttMs)}, ${formatRate(calibration.goodputMbps)} of TCP payload${wanted}`,
    ...(error === null ? [] : [`  ${error.message}`]),
  ].join('\n');
};
