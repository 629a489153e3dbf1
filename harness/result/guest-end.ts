import { z } from 'zod';
import { migrationStatuses } from '#proto/strategy';
import { runPhases } from '../run/events.ts';

/** Where a run has left its guest, whatever ended it. */
export const guestEndSchema = z
  .object({
    where: z
      .enum(['nowhere', 'source', 'destination', 'lost', 'both', 'unknown'])
      .describe(
        'nowhere: it had not been started. lost: no host has all of it. both: a bug in livemig. unknown: neither host could be asked',
      ),
    detail: z.string().describe('How that is known, for people'),
    verified: z
      .boolean()
      .describe('Its memory was compared with what it last wrote; `integrity` says what came out'),
    unverified: z.string().nullable().describe('Why it was not; null where it was'),
    advice: z.string().nullable().describe('What to do; null where nothing is to be done'),
  })
  .meta({ id: 'GuestEnd' });

export type GuestEnd = z.infer<typeof guestEndSchema>;

/** Where a run ended: `down` is none of them, as every run passes it. */
export const endedInSchema = z
  .object({
    phase: z.enum(runPhases).nullable().describe('The newest phase of the run; null before the first'),
    status: z.enum(migrationStatuses).describe("The source's newest word on the migration"),
  })
  .meta({ id: 'EndedIn' });

export type EndedIn = z.infer<typeof endedInSchema>;
