import type { TrendVerdict, VerdictName } from '#harness/trends/index';

/** A check's outcome, with nothing behind it but its word. */
export const verdictOf = (id: string, verdict: VerdictName): TrendVerdict => ({
  id,
  study: 'mine',
  trend: Number.parseInt(id, 10),
  statement: 'it grows',
  kind: 'one-sided',
  document: 'd',
  table: 't',
  published: '2',
  measured: '1.2',
  estimate: null,
  publishedOverMeasured: null,
  isNearBound: false,
  tolerance: '≥ 2',
  verdict,
  backends: ['nfqueue'],
  drivers: ['netns'],
  variant: '',
  guestScales: [1],
  explanation: 'two repetitions of three',
  inEras: [],
  busiestCell: null,
  runIds: [],
});
