import { diagnoses, diagnosisCodes } from '../conformance/diagnoses.ts';
import { wrapped } from '../markdown.ts';

/** docs/diagnoses.md. */
export const diagnosesMarkdown = (): string =>
  [
    '# What can be wrong with a strategy',
    '',
    '`livemig check` gives at most one of these diagnoses ([strategies.md](strategies.md#check-it)). Each follows from what',
    'was seen in virtual time, never from the text of an error. A strategy that fails in another way gets none: then',
    '`check` says what it saw. `node bin/with-node24.js setup/diagnoses.ts` generates this page from',
    '[harness/conformance/diagnoses.ts](../harness/conformance/diagnoses.ts).',
    ...diagnosisCodes.flatMap((code) => {
      const { means, advice } = diagnoses[code];
      return ['', `## ${code}`, '', ...wrapped(means), '', ...wrapped(`What to do: ${advice}`)];
    }),
    '',
  ].join('\n');
