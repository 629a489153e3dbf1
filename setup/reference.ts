/** Writes docs/reference.md from the catalogue. */
import { writeFileSync } from 'node:fs';
import { referenceMarkdown } from '#harness/report/reference-markdown';

writeFileSync(new URL('../docs/reference.md', import.meta.url), referenceMarkdown());
