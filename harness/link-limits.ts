/** Links that could be set up and never give an answer, by rule; the bounds of single figures are the schema's. Pure. */
import type { LinkDirection } from '#proto/link';
import { lossShareOf } from '#proto/link';
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
/**
 * At a connection's end one packet is under way at a time, so that only retransmissions, each after twice the time, lead
 * out of a burst: four times out of five into the next loss, and every thirtieth connection is lost (0.8^15).
 */
const mostAgain = 0.8;
/** Calibration's train of probes is a millisecond or two apart: with less delay, nothing that overtakes could be seen. */
const leastOvertakenMs = 2;
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
          message: `expected at most delayMs (${delayMs}), got ${jitterMs}: a packet can't arrive before it was sent`,
        }
      : undefined,
  ({ jitterMs }) =>
    jitterMs > mostJitterMs
      ? {
          key: 'jitterMs',
          message: `expected ms from 0 to ${mostJitterMs}, got ${jitterMs}: with more, calibration takes minutes to tell a right link from a wrong one`,
        }
      : undefined,
  ({ jitterMs, jitterDistribution }) =>
    jitterDistribution !== undefined && jitterMs === 0
      ? {
          key: 'jitterDistribution',
          message: `expected jitterMs above 0 with a distribution, got ${jitterDistribution} of nothing: set jitterMs, or leave it out`,
        }
      : undefined,
  ({ lossPercent, gemodel }) =>
    gemodel !== undefined && lossPercent > 0
      ? {
          key: 'gemodel',
          message: `expected either lossPercent or gemodel, got the two: a link has one model of loss; gemodel.goodLossPercent is loss outside of bursts`,
        }
      : undefined,
  (direction) => {
    const { gemodel } = direction;
    if (gemodel === undefined) return undefined;
    const lossPercent = 100 * lossShareOf(direction);
    if (lossPercent > mostLossPercent)
      return {
        key: 'gemodel',
        message: `expected a loss of up to ${mostLossPercent} percent, got ${lossPercent.toFixed(1)} on average: TCP doesn't get a migration through more`,
      };
    if (lossPercent === 0)
      return {
        key: 'gemodel',
        message: 'expected a loss in one of the states, got none: set badLossPercent, or leave gemodel out',
      };
    const again = (1 - gemodel.rPercent / 100) * (gemodel.badLossPercent / 100);
    return again > mostAgain
      ? {
          key: 'gemodel',
          message:
            `expected (100 - rPercent) times badLossPercent of up to ${100 * mostAgain} percent, got ${(100 * again).toFixed(1)}: ` +
            'packets lost in a row; longer bursts outlast what TCP sends again, one packet at a time',
        }
      : undefined;
  },
  ({ reorderPercent = 0, delayMs }) =>
    reorderPercent > 0 && delayMs < leastOvertakenMs
      ? {
          key: 'reorderPercent',
          message: `expected a delayMs of at least ${leastOvertakenMs} with it, got ${delayMs}: what doesn't wait overtakes nothing then`,
        }
      : undefined,
  ...(['reorderCorrelationPercent', 'reorderGap'] as const).map(
    (key): Rule =>
      (direction) =>
        direction[key] !== undefined && (direction.reorderPercent ?? 0) === 0
          ? { key, message: `expected reorderPercent above 0 with it: without, nothing is reordered` }
          : undefined,
  ),
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

/** Of both directions together. */
const mtuProblems = (sections: LinkSections): LinkProblem[] => {
  const { sourceToDestination: out, destinationToSource: back } = sections;
  if (out === undefined || back === undefined || out.mtuBytes === back.mtuBytes) return [];
  const said = (direction: LinkDirection): string => String(direction.mtuBytes ?? 'none');
  return [
    {
      path: ['destinationToSource', 'mtuBytes'],
      message: `expected ${said(out)} as in sourceToDestination, got ${said(back)}: a link's devices have one MTU for both directions`,
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
  const ofEach = given.flatMap(([section, direction]) => [
    ...directionRules.flatMap((rule) => {
      const problem = rule(direction);
      return problem === undefined ? [] : [{ path: [section, problem.key], message: problem.message }];
    }),
    ...roundTripProblems(section, direction, rttMs),
  ]);
  return [...ofEach, ...mtuProblems(sections)];
};
