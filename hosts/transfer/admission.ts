import type { DestinationHello, FromDestination, SourceHello } from '../../proto/migration.ts';
import { capabilitiesMax, capabilityNameMax, migrationVersion } from '../../proto/migration.ts';
import type { ControlStream } from './source-connection.ts';

/**
 * @param helloMs whoever connects has to say who it is within so long.
 * @param refuse is told what was expected, of a stream that begins with anything but a hello.
 */
export const untilHello = (
  stream: ControlStream,
  helloMs: number,
  refuse: (reason: string) => void,
  admit: (hello: DestinationHello) => void,
): void => {
  const patience = setTimeout(() => {
    refuse(`expected a hello within ${Math.round(helloMs)} ms`);
  }, helloMs);
  const rest = (): void => {
    clearTimeout(patience);
  };
  stream.once('end', rest);
  stream.once('cancelled', rest);
  stream.once('data', (message: FromDestination) => {
    rest();
    if ('hello' in message) admit(message.hello);
    else refuse('expected a hello');
  });
};

/**
 * Why someone isn't the destination; null = it is.
 * @param connections that there were, and whether the last of them stands.
 */
export const refusalOf = (
  { migrationId, recovers }: DestinationHello,
  ours: SourceHello,
  connections: { count: number; isUp: boolean },
): string | null => {
  // Not which one: knowing it is what tells the destination from a stranger.
  if (migrationId !== ours.migrationId) return 'expected another migration';
  // Also one that recovers: as long as a connection stands, it stands for the destination.
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
