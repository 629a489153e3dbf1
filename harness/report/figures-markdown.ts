import { figures, witnesses } from '../measure/figures.ts';

const head = ['figure', 'on a screen', 'unit', 'who says it', 'what it counts'];

/** A table as prettier leaves it. */
const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [first = [], ...rest] = rows;
  return [line(first), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)];
};

/** docs/figures.md. */
export const figuresMarkdown = (): string =>
  [
    '# Figures of a run',
    '',
    'Every single number of a run, once: terminal, report page, `compare`, `export` and the texts of the JSON',
    'Schema follow from one table, [harness/measure/figures.ts](../harness/measure/figures.ts), which `node',
    'setup/figures.ts` writes down here.',
    '',
    'One unit family: times in ms (µs for demand faults), memory and bytes moved in KiB, MiB and GiB of powers of',
    '1,024, rates in Mb/s and Gb/s of powers of 1,000. A name is the place in the result, and the column in',
    '`export`; `*` stands for each of several names. "Page messages" are what agents hand over, "on the wire" is',
    'what the router counts, headers and repetitions included.',
    '',
    'The published documents write MB and GB for powers of 1,024 where they count RAM: plots say MiB and GiB, quotations',
    'keep their words.',
    '',
    ...table([
      head,
      ...figures.map(({ id, label, unit, by, means, of }) => [
        `\`${id}\``,
        label,
        unit,
        witnesses[by],
        `${means}${of === undefined ? '' : ' (worked out: in `export`, not in the result)'}`,
      ]),
    ]),
    '',
  ].join('\n');
