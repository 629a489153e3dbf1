import { errorCodes, errorMeanings } from '#proto/error-codes';
import { wrapped } from '../markdown.ts';
import { adviceOf } from '../measure/guest-end.ts';

/** docs/errors.md. */
export const errorsMarkdown = (): string =>
  [
    '# What can go wrong',
    '',
    'Every livemig error has one of these codes: in the result (`error.code`), between agents, and on the terminal. The',
    'list is closed. It is generated from [proto/error-codes.ts](../proto/error-codes.ts) by',
    '`node bin/with-node24.js setup/errors.ts`. No part of livemig depends on the text of an error, and no script needs to.',
    'Errors of others are identified by code too',
    '([proto/foreign-codes.ts](../proto/foreign-codes.ts)): the errno of the operating system, the status of gRPC.',
    '',
    ...errorCodes.flatMap((code) =>
      wrapped(`\`${code}\` – ${errorMeanings[code]} What to do: ${adviceOf('nowhere', code) ?? ''}.`, '- '),
    ),
    '',
  ].join('\n');
