/** A burner: takes a share of one CPU, in slots of 10 ms. Its agent starts it; it ends with its agent. */
import { setPriority } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Burners } from '#proto/host-load';
import { monotonicMs } from '#proto/units';
import { Duty } from './duty.ts';

const sleeper = new Int32Array(new SharedArrayBuffer(4));

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const burn = async ({ share, nice }: Omit<Burners, 'count'>): Promise<void> => {
  setPriority(nice);
  const duty = new Duty(share, monotonicMs(), cpuMs());
  process.send?.({ ready: true });
  for (;;) {
    while (duty.isDue(monotonicMs(), cpuMs()));
    Atomics.wait(sleeper, 0, 0, duty.restMs(monotonicMs()));
    // So that it hears when its channel closes.
    await nextTurn();
  }
};

process.on('disconnect', () => process.exit(0));
process.on('message', ({ begin }: { begin: Omit<Burners, 'count'> }) => void burn(begin));
