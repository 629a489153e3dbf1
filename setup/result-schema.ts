/** Writes result.schema.json from harness/result.ts: `npx livemig` has no need of it, other languages have. */
import { writeFileSync } from 'node:fs';
import { resultJsonSchema } from '../harness/result.ts';

writeFileSync(
  new URL('../schemas/result.schema.json', import.meta.url),
  `${JSON.stringify(resultJsonSchema(), null, 2)}\n`,
);
