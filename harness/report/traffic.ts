import { formatCount, formatMs } from '../format.ts';
import type { CompletedRun } from '../result.ts';
import { figureText } from './figure-rows.ts';

const rttText = (p50Ms: number | null, p99Ms: number | null): string =>
  p50Ms === null || p99Ms === null ? '–' : `${formatMs(p50Ms)} (p99 ${formatMs(p99Ms)})`;

/** A row for each flow beside the migration: label, its rate meanwhile, detail. */
export const trafficRows = ({
  measurement: { traffic = [] },
}: CompletedRun): (readonly [label: string, figure: string, detail: string])[] =>
  traffic.map(
    ({ kind, offeredMbps, beforeMbps, duringMbps, afterMbps, lostPercent, before, during }, nth) => {
      const rate = (of: string, value: number | null): string =>
        figureText(`measurement.traffic.${nth}.${of}`, value);
      const details = [
        `of ${rate('offeredMbps', offeredMbps)} offered`,
        `before → during → after ${rate('beforeMbps', beforeMbps)} → ${rate('duringMbps', duringMbps)} → ${rate('afterMbps', afterMbps)}`,
        ...(lostPercent === null ? [] : [`lost ${formatCount(lostPercent)} %`]),
        ...(before.rttP50Ms === null && during.rttP50Ms === null
          ? []
          : [
              `round trip ${rttText(before.rttP50Ms, before.rttP99Ms)} → ${rttText(during.rttP50Ms, during.rttP99Ms)}`,
            ]),
      ];
      return [kind, rate('duringMbps', duringMbps), details.join(' · ')];
    },
  );
