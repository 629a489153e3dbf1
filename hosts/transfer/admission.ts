import type { DestinationHello, SourceHello } from '#proto/migration';
import { capabilitiesMax, capabilityNameMax, migrationVersion } from '#proto/migration';
import type { MigrationClock } from '../clock.ts';
import type { ControlAtSource } from './wire.ts';

/**
 * @param helloMs how long a client has to introduce itself.
 * @param refuse is told what was expected when a stream begins with anything but a hello.
 */
export const untilHello = (
  stream: ControlAtSource,
  clock: MigrationClock,
  helloMs: number,
  refuse: (reason: string) => void,
  admit: (hello: DestinationHello) => void,
): void => {
  let isOver = false;
  const over = (): void => {
    isOver = true;
    rest();
  };
  const rest = clock.timer(helloMs, () => {
    over();
    refuse(`expected a hello within ${Math.round(helloMs)} ms`);
  });
  stream.listen({
    data: (message) => {
      if (isOver) return;
      over();
      if ('hello' in message) admit(message.hello);
      else refuse('expected a hello');
    },
    ended: () => {
      over();
      stream.end();
    },
    lost: over,
  });
};

/**
 * Why a client isn't the destination; null = it is.
 * @param connections so far, and whether the last of them still stands.
 */
export const refusalOf = (
  { migrationId, recovers }: DestinationHello,
  ours: SourceHello,
  connections: { count: number; isUp: boolean },
): string | null => {
  // Doesn't say which one: knowing the id is what tells the destination from a stranger.
  if (migrationId !== ours.migrationId) return 'expected another migration';
  // Even one that claims to recover: while a connection stands, it is the destination's.
  if (connections.isUp) return 'this migration has a destination already';
  if (recovers !== connections.count > 0)
    return `expected a destination that ${recovers ? 'begins' : 'recovers'}`;
  return null;
};

/** Why the destination and this source can't migrate; null = they can. */
export const disagreementOf = (
  { version, capabilities }: DestinationHello,
  ours: SourceHello,
): string | null => {
  if (version !== migrationVersion) return `expected protocol version ${migrationVersion}, got ${version}`;
  if (capabilities.length > capabilitiesMax || capabilities.some(({ length }) => length > capabilityNameMax))
    return `expected at most ${capabilitiesMax} capabilities, each of at most ${capabilityNameMax} letters`;
  const missing = ours.capabilities.filter(({ name }) => !capabilities.includes(name));
  if (missing.length === 0) return null;
  return `expected a destination that knows ${missing.map(({ name }) => name).join(', ')}`;
};
