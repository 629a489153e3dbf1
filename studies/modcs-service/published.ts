import figures from './published.json' with { type: 'json' };

/** What the document publishes in figures: the settings. Its results are pictures without numbers. */
export const published = figures;

/** RAM of the guests, in the document's MB. */
export const sizesMB = published.ramMB;

/** Strategies beside pre-copy: the document's last slides want pre-copy compared with other approaches. */
export const otherApproaches = ['hybrid', 'post-copy', 'stop-and-copy'] as const;
