import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { startTimeOf } from '../owner.ts';

/** What every container and network of a testbed carries. */
export const labels = {
  /** The testbed's id. */
  testbed: 'livemig.testbed',
  /** The harness process: `pid:start time`. */
  owner: 'livemig.owner',
  /** Where that process id means something: `host name:pid namespace`. Others' testbeds are none of our business. */
  scope: 'livemig.scope',
} as const;

/** Not every system has /proc; there the process id alone has to do. */
const noStartTime = '0';

export const ownerOf = (pid: number): string => `${String(pid)}:${startTimeOf(pid) ?? noStartTime}`;

export const isAlive = (owner: string): boolean => {
  const [pid, startTime] = owner.split(':') as [string, string | undefined];
  if (startTime !== noStartTime) return startTimeOf(Number(pid)) === startTime;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

export const scope = (): string => {
  let namespace = 'pid';
  try {
    namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // No /proc: the host name has to do.
  }
  return `${hostname()}:${namespace}`;
};

export const labelsOf = (testbed: string): Record<string, string> => ({
  [labels.testbed]: testbed,
  [labels.owner]: ownerOf(process.pid),
  [labels.scope]: scope(),
});
