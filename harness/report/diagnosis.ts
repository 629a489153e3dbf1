import type { Check, Diagnosis } from '../doctor/check.ts';

const headings: Readonly<Record<Check['group'], string>> = {
  machine: 'Machine',
  driver: 'Drivers (what virtual hosts run in)',
  backend: 'Link backends (what emulates the WAN)',
  network: 'TCP',
  tool: 'Tools',
};

const lineOf = ({ name, ok, found, remedy }: Check): string =>
  `  ${ok ? 'ok     ' : 'missing'}  ${name.padEnd(18)}  ${found}${remedy === '' ? '' : `\n${' '.repeat(31)}${remedy}`}`;

/** A diagnosis for people: each line ok or missing, and how to get what is missing. */
export const diagnosisText = ({ ready, checks }: Diagnosis): string => {
  const groups = (Object.keys(headings) as Check['group'][]).map((group) => {
    const lines = checks.filter((check) => check.group === group).map(lineOf);
    return lines.length === 0 ? '' : `${headings[group]}\n${lines.join('\n')}\n`;
  });
  const verdict = ready
    ? 'This machine can run migrations: try `npm start`.'
    : 'This machine can’t run migrations over a link: see above for what is missing. Driver sim needs no link.';
  return [...groups.filter((group) => group !== ''), verdict].join('\n');
};
