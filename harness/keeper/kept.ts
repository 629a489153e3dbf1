import { readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { z } from 'zod';
import { backendNames } from '#proto/link';
import type { LinkProfile } from '#proto/link';
import { announcementsOf } from '../files/announced.ts';
import type { FoundAnnouncements } from '../files/announced.ts';
import { loadProfile } from '../profiles.ts';
import { linkDefinitionSchema } from '../result/setting.ts';
import { needsStorage } from '../run/needs-storage.ts';
import type { Scenario } from '../scenario.ts';
import { isThere, ownerSchema, startTimeOf } from '../testbed/owner.ts';
import { driverNames } from '../testbed/testbed.ts';
import { orLate } from '../within.ts';

/** Testbeds that `livemig up` keeps, as the other commands find them. */

const text = z.string().min(1).max(1024);
/** A keeper on this machine answers within milliseconds. */
const connectMs = 2000;

/** What a run has to have in common with the testbed that it is to be made in. */
const traitsSchema = z.object({
  driver: z.enum(driverNames),
  link: linkDefinitionSchema,
  backend: z.enum([...backendNames, 'auto']),
  congestionControl: z.string().max(64),
  storage: z.boolean(),
});
export type TestbedTraits = z.infer<typeof traitsSchema>;

const keptSchema = traitsSchema.extend({
  /** The process that keeps it. */
  owner: ownerSchema,
  id: text,
  /** Path of the Unix socket on which its keeper takes runs. */
  socket: text,
  /** Of the code that it runs. */
  code: text,
});
export type KeptDescription = z.infer<typeof keptSchema>;

const kept = announcementsOf('testbeds', 'a kept testbed', keptSchema);

export const keptDirectory = (): string => kept.directory();

/** Of what a keeper has beside its announcement; tells by itself whether its process is still there. */
export const fileOf = (pid: number, ending: 'sock' | 'log'): string =>
  join(kept.directory(), `${pid}-${startTimeOf(pid) ?? ''}.${ending}`);

const isDeaf = async (path: string): Promise<boolean> => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once('connect', () => {
    resolve(false);
  });
  socket.once('error', () => {
    resolve(true);
  });
  const deaf = await orLate(promise, connectMs);
  socket.destroy();
  return deaf === true;
};

/** Removes the sockets and logs of keepers that have ended. */
export const sweepKept = async (): Promise<void> => {
  for (const name of readdirSync(kept.directory())) {
    const [, pid, startTime = '', ending] = /^(\d+)-(\d*)\.(sock|log)$/.exec(name) ?? [];
    if (pid === undefined || isThere(Number(pid), startTime)) continue;
    const path = join(kept.directory(), name);
    // It may live in a PID namespace that we don't see.
    if (ending === 'log' || (await isDeaf(path))) rmSync(path, { force: true });
  }
};

/** @throws LivemigError TESTBED_FAILED where its directory isn't this user's alone */
export const announceKept = (description: KeptDescription): Promise<AsyncDisposable> =>
  kept.announce(description.id, description);

/** @throws LivemigError TESTBED_FAILED where others may write where they are announced */
export const findKept = (): Promise<FoundAnnouncements<KeptDescription>> => kept.find();

/** @param driver the one that was chosen, where the scenario leaves it open. */
export const traitsOf = (scenario: Scenario, driver: TestbedTraits['driver']): TestbedTraits => ({
  driver,
  link: loadProfile(scenario.link),
  backend: scenario.backend,
  congestionControl: scenario.congestionControl,
  storage: needsStorage(scenario),
});

const sameLink = (one: LinkProfile, other: LinkProfile): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** Why a scenario can't be run in a kept testbed: what differs, in words; nothing = it can. */
export const misfits = (has: TestbedTraits, scenario: Scenario): string[] => {
  const wants = traitsOf(scenario, scenario.driver === 'auto' ? has.driver : scenario.driver);
  return [
    ...(sameLink(has.link, wants.link) ? [] : [`link ${has.link.name}, not ${wants.link.name}`]),
    ...(has.driver === wants.driver ? [] : [`driver ${has.driver}, not ${wants.driver}`]),
    ...(has.backend === wants.backend ? [] : [`backend ${has.backend}, not ${wants.backend}`]),
    ...(has.congestionControl === wants.congestionControl
      ? []
      : [`congestion control ${has.congestionControl}, not ${wants.congestionControl}`]),
    ...(has.storage === wants.storage ? [] : [has.storage ? 'a storage host' : 'no storage host']),
  ];
};
