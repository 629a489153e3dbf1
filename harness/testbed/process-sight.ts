import { readdirSync, readFileSync } from 'node:fs';
import { statFields } from './owner.ts';

/** How a process fares, seen from outside: it needs no word of its own for that. */
export interface ProcessSight {
  state: 'runs' | 'stopped' | 'ended';
  /** CPU time that it has had so far, in the kernel's ticks; null where nobody knows. What moves is alive. */
  cpuTicks: number | null;
  /** In words, for an error: `its process was ended by SIGKILL`. */
  how: string;
}

export const ended = (how: string): ProcessSight => ({ state: 'ended', cpuTicks: null, how });

/**
 * @param stat line of /proc/PID/stat (proc(5)). T is stopped by a signal, t by a debugger, Z a zombie, X on its way out.
 */
export const parseSight = (stat: string): ProcessSight => {
  const [state = '', ...fields] = statFields(stat);
  const cpuTicks = Number(fields[10]) + Number(fields[11]);
  if ('ZXx'.includes(state)) return ended('its process has ended');
  return {
    state: state === 'T' || state === 't' ? 'stopped' : 'runs',
    cpuTicks: Number.isFinite(cpuTicks) ? cpuTicks : null,
    how:
      state === 'T'
        ? 'its process is stopped (state T): kill -CONT lets it go on'
        : state === 't'
          ? 'its process is stopped by a debugger (state t)'
          : `its process is there (state ${state})`,
  };
};

export const sightOf = (pid: number): ProcessSight => {
  try {
    return parseSight(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return ended('its process has ended');
  }
};

/** The process's first child; null where it has none. /proc/PID/task/TID/children isn't in every kernel. */
export const childOf = (parent: number): number | null => {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, itsParent] = statFields(readFileSync(`/proc/${name}/stat`, 'utf8'));
      if (Number(itsParent) === parent) return Number(name);
    } catch {
      // Ended while we looked.
    }
  }
  return null;
};
