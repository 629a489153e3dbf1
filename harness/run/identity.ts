import { createHash, randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { machineClock } from '../clock.ts';
import type { SweepOfRun } from '../result.ts';
import { isSimulated } from '../testbed/testbed.ts';
import type { Scenario } from '../scenario.ts';

/** What tells a run from others: names of its own, and when it was made. */
export interface Identity {
  /** A UUID, another one each time. */
  newId: () => string;
  /** Until there is a testbed, which brings one. */
  clock: Clock;
}

const byChance: Identity = { newId: randomUUID, clock: machineClock };

/** What happens before there is virtual time takes none. */
const beforeTime: Clock = { ...machineClock, nowMs: () => 0, timestamp: () => new Date(0).toISOString() };

/** A UUID of version 8, which is what RFC 9562 leaves to whoever makes it. */
const uuidOf = (text: string): string => {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20, 32)].join('-'); // prettier-ignore
};

/** A run that is determined is the same run wherever it is repeated: its names follow from what is run. */
export const identityOf = (scenario: Scenario, sweep: SweepOfRun | null, driver: string): Identity => {
  if (!isSimulated(driver)) return byChance;
  // A sweep's own id is by chance; where the run stands in it isn't. What was predicted of a run doesn't change it.
  const place = sweep === null ? null : { ...sweep, sweepId: '', predicted: undefined };
  const what = JSON.stringify([scenario, place]);
  let made = 0;
  return { newId: () => uuidOf(`${made++} ${what}`), clock: beforeTime };
};
