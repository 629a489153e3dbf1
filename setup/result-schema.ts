/** Writes result.schema.json from harness/result.ts, for other languages; `npx livemig` doesn't need it. */
import { writeFileSync } from 'node:fs';
import { resultJsonSchema } from '#harness/result';

writeFileSync(
  new URL('../schemas/result.schema.json', import.meta.url),
  `${JSON.stringify(resultJsonSchema(), null, 2)}\n`,
);
