/** The experiment plots of a page with both experiments. */
export const figureIds = [
  'pre-copy-limit',
  'hybrid-total-time',
  'hybrid-downtime',
  'hybrid-transferred',
  'link-utilisation',
  'wan-total-time',
  'wan-downtime',
  'wan-data',
] as const;
