import { z } from 'zod';
import { errorCodes } from '#proto/errors';

/** Helpers of the result's schema; `.describe` texts end up in schemas/result.schema.json. */

export const ms = (description: string) => z.number().describe(`${description}, in ms`);
export const count = (description: string) => z.int().nonnegative().describe(description);
export const bytes = (description: string) => z.number().nonnegative().describe(`${description}, in bytes`);

/** A side of the migration. */
export const sideSchema = z.enum(['source', 'destination']);

export const errorDocumentSchema = z
  .object({
    code: z.enum(errorCodes),
    message: z.string(),
    problems: z.array(z.string()).readonly().exactOptional(),
  })
  .meta({ id: 'ErrorDocument' });
