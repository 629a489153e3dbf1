/** Links that could be set up and never give an answer, by rule; the bounds of single figures are the schema's. Pure. */
import type { LinkDirection } from '#proto/link';
import { bandwidthDelayProductBytes, gibibyte } from '#proto/units';
import { formatBytes } from './format.ts';

/** Where in a profile's document the problem is, and what. */
export interface LinkProblem {
  path: string[];
  message: string;
}

/** Sections as the document has them. */
export type LinkSections = Partial<
  Record<'both' | 'sourceToDestination' | 'destinationToSource', LinkDirection | undefined>
>;

/** A segment and its acknowledgement come through half of the time; with less, TCP's time-outs double on and on. */
export const mostLossPercent = 30;
/** Calibration's probes stand six times as far apart, and twenty at least are needed: half a minute. */
export const mostJitterMs = 250;
/** Linux keeps a queue's limit in 32 bits (tc-tbf). */
const mostBufferBytes = 2 ** 32 - 1;
/** TCP counts its window in 30 bits at most (RFC 7323). */
const mostInFlightBytes = gibibyte;

type Rule = (direction: LinkDirection) => { key: keyof LinkDirection; message: string } | undefined;

const directionRules: readonly Rule[] = [
  ({ delayMs, jitterMs }) =>
    jitterMs > delayMs
      ? {
          key: 'jitterMs',
          message:
            `expected at most delayMs (${delayMs}), got ${jitterMs}: it is a standard deviation, and a packet can't ` +
            'arrive before it was sent',
        }
      : undefined,
  ({ jitterMs }) =>
    jitterMs > mostJitterMs
      ? {
          key: 'jitterMs',
          message: `expected ms from 0 to ${mostJitterMs}, got ${jitterMs}: with more, calibration takes minutes to tell a right link from a wrong one`,
        }
      : undefined,
  ({ lossPercent }) =>
    lossPercent > mostLossPercent
      ? {
          key: 'lossPercent',
          message: `expected percent from 0 to ${mostLossPercent}, got ${lossPercent}: TCP doesn't get a migration through more`,
        }
      : undefined,
  ({ rateMbps, bufferMs }) => {
    const bytes = bandwidthDelayProductBytes(rateMbps, bufferMs);
    const mostMs = Math.floor((mostBufferBytes * 8) / (rateMbps * 1000));
    return bytes > mostBufferBytes
      ? {
          key: 'bufferMs',
          message: `expected at most ${mostMs} at ${rateMbps} Mb/s, got ${bufferMs}: the router would hold ${formatBytes(bytes)}, and the kernel's queues hold 4 GiB`,
        }
      : undefined;
  },
];

const roundTripProblems = (section: string, direction: LinkDirection, rttMs: number): LinkProblem[] => {
  const bytes = bandwidthDelayProductBytes(direction.rateMbps, rttMs);
  if (bytes <= mostInFlightBytes) return [];
  const mostMbps = Math.floor((mostInFlightBytes * 8) / (rttMs * 1000));
  return [
    {
      path: [section, 'rateMbps'],
      message: `expected at most ${mostMbps} with a round trip of ${rttMs} ms, got ${direction.rateMbps}: ${formatBytes(bytes)} would be under way, and TCP's window holds 1 GiB`,
    },
  ];
};

/** Every problem of a link whose figures are each within their bounds. */
export const linkProblems = (sections: LinkSections): LinkProblem[] => {
  const given = Object.entries(sections).filter(
    (entry): entry is [string, LinkDirection] => entry[1] !== undefined,
  );
  const { both, sourceToDestination: out = both, destinationToSource: back = both } = sections;
  const rttMs = (out?.delayMs ?? 0) + (back?.delayMs ?? 0);
  return given.flatMap(([section, direction]) => [
    ...directionRules.flatMap((rule) => {
      const problem = rule(direction);
      return problem === undefined ? [] : [{ path: [section, problem.key], message: problem.message }];
    }),
    ...roundTripProblems(section, direction, rttMs),
  ]);
};
