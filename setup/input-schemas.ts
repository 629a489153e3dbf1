/** Writes the schemas of scenarios, sweeps and link profiles to schemas/, for editors. */
import { writeFileSync } from 'node:fs';
import { inputJsonSchemas } from '#harness/json-schemas';
import { listProfiles } from '#harness/profiles';

for (const [file, schema] of Object.entries(inputJsonSchemas(listProfiles())))
  writeFileSync(new URL(`../schemas/${file}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`);
