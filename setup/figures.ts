/** Writes docs/figures.md from the table of figures. */
import { writeFileSync } from 'node:fs';
import { figuresMarkdown } from '#harness/report/figures-markdown';

writeFileSync(new URL('../docs/figures.md', import.meta.url), figuresMarkdown());
