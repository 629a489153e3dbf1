import { rowsAsList } from '../markdown.ts';
import { figures, witnesses } from '../measure/figures.ts';

const head = ['figure', 'label', 'unit', 'measured by', 'meaning'];

/** docs/figures.md. */
export const figuresMarkdown = (): string =>
  [
    '# Figures of a run',
    '',
    'Every figure of a run. Terminal, report page, `compare`, `export` and the descriptions in the JSON Schema are derived',
    "from one table, [harness/measure/figures.ts](../harness/measure/figures.ts), and from the agents' counters in",
    '[catalogue/counters.ts](../catalogue/counters.ts). `node bin/with-node24.js setup/figures.ts` generates this page.',
    '',
    'Times are in ms (µs for demand faults); memory and bytes moved in KiB, MiB and GiB (powers of 1,024); rates in Mb/s',
    "and Gb/s (powers of 1,000). A figure's name is its path in the result and its column in `export`; `*` stands for each",
    'of several names. "Page messages" are what agents hand over; "on the wire" is what the router counts, including',
    'headers and retransmissions.',
    '',
    'For RAM, the published documents write MB and GB for powers of 1,024. Plots say MiB and GiB; quotations are verbatim.',
    '',
    ...rowsAsList(
      head,
      figures.map(({ id, label, unit, by, means, of }) => [
        `\`${id}\``,
        label,
        unit,
        witnesses[by],
        `${means}${of === undefined ? '' : ' (derived: in `export`, not in the result)'}`,
      ]),
    ),
    '',
  ].join('\n');
