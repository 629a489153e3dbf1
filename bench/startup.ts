import { Subject } from 'rxjs';
import type { RunEvent } from '#harness/run';
import { monotonicMs } from '#proto/units';
import type { Benchmark } from './bench.ts';
import { median } from '#harness/median';
import { runOnce } from './bench.ts';

const repetitions = 3;

export const startup: Benchmark = {
  name: 'startup',
  about: 'testbed up and calibrated (1 Gb/s, 5.5 ms), and what the agents take beside the guest',
  run: async (driver) => {
    const seconds: number[] = [];
    const aboveMiB: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const events = new Subject<RunEvent>();
      let fromMs = monotonicMs();
      events.subscribe((event) => {
        if (event.type === 'phase' && event.phase === 'up') fromMs = event.atMs;
      });
      const { measurement } = await runOnce(
        { link: 'coleraine-dublin-1g', driver, strategy: 'hybrid', guest: { ram: '512MiB' } },
        {
          events,
          onCalibrated: () => {
            seconds.push((monotonicMs() - fromMs) / 1000);
            return Promise.resolve();
          },
        },
      );
      const { source, destination } = measurement.memory;
      aboveMiB.push(
        Math.max(source.aboveTouchedBytes ?? NaN, destination.aboveTouchedBytes ?? NaN) / 2 ** 20,
      );
    }
    return [
      {
        name: `testbed up and calibrated, ${driver}`,
        value: median(seconds),
        unit: 's',
        target: { atMost: driver === 'docker' ? 15 : 5 },
        from: seconds.map((s) => s.toFixed(1)).join(', '),
      },
      {
        name: "agent memory above the guest's touched pages",
        value: median(aboveMiB),
        unit: 'MiB',
        target: { atMost: 250 },
        from: aboveMiB.map((mib) => mib.toFixed(0)).join(', '),
      },
    ];
  },
};
