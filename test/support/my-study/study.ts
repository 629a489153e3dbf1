import type { StudyDefinition } from 'livemig/study';
import { physicalTimeMs, repeated } from 'livemig/study';
import { trend1 } from './checks.ts';
import { totalTimePlot } from './plot.ts';

const bytes = 100e6;
const link = { profile: 'lan-1g', mbps: 941, rttMs: 0.2 };

/** The smallest complete study: tests copy it out of the project. */
const study: StudyDefinition = {
  title: 'an idle guest over a LAN',
  document: 'Moving idle guests (A. Author, 2026)',
  what: 'Post-copy of idle guests of three sizes over 1 Gb/s',
  trends: [trend1],
  onPaper: {
    holding: () =>
      [64, 128, 256].flatMap((ramMB) =>
        repeated({
          part: 'idle',
          cell: { ramMB },
          link,
          totalTimeMs: physicalTimeMs(100, link.rttMs, bytes, link.mbps),
          downtimeMs: 20,
          transferredBytes: bytes,
        }),
      ),
  },
  plots: [totalTimePlot],
};

export default study;
