import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { isThere, startTimeOf } from '../owner.ts';

/** What every container and network of a testbed carries. */
export const labels = {
  /** The testbed's id. */
  testbed: 'livemig.testbed',
  /** The harness process: `pid:start time`. */
  owner: 'livemig.owner',
  /** Where that process id means something: `host name:pid namespace:boot id`. Elsewhere only its agents know. */
  scope: 'livemig.scope',
} as const;

/** Not every system has /proc; there the process id alone has to do. */
const noStartTime = '0';

export const ownerOf = (pid: number): string => `${String(pid)}:${startTimeOf(pid) ?? noStartTime}`;

export const isAlive = (owner: string): boolean => {
  const [pid, startTime = '?'] = owner.split(':');
  return isThere(Number(pid), startTime === noStartTime ? '' : startTime);
};

const orNone = (read: () => string): string => {
  try {
    return read();
  } catch {
    // No /proc: the host name has to do.
    return 'none';
  }
};

/** Process ids and start times begin anew with every boot, and the first PID namespace has one number everywhere. */
export const scope = (): string =>
  [
    hostname(),
    orNone(() => readlinkSync('/proc/self/ns/pid')),
    orNone(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  ].join(':');

export const labelsOf = (testbed: string): Record<string, string> => ({
  [labels.testbed]: testbed,
  [labels.owner]: ownerOf(process.pid),
  [labels.scope]: scope(),
});
