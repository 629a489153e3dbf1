/** Writes docs/errors.md from the list of error codes. */
import { writeFileSync } from 'node:fs';
import { errorsMarkdown } from '#harness/report/errors-markdown';

writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsMarkdown());
