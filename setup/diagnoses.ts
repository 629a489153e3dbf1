/** Writes docs/diagnoses.md from the list of diagnoses. */
import { writeFileSync } from 'node:fs';
import { diagnosesMarkdown } from '#harness/report/diagnoses-markdown';

writeFileSync(new URL('../docs/diagnoses.md', import.meta.url), diagnosesMarkdown());
