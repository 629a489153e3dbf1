import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '#harness/run';
import { LivemigError } from '#proto/errors';
import type { Benchmark, Figure } from '../bench.ts';
import { runOnce } from '../bench.ts';
import { readProfile, samplesOf, secondsByStage, windowOf } from '../cpu-profile.ts';
import type { Frame, Sample } from '../cpu-profile.ts';
import { idleGuest } from '../goodput.ts';

const link = 'coleraine-dublin';
const intervalUs = 500;

type Copy = 'copyTo' | 'copyFrom';

/** A page's way out of guest memory, or into it. */
const isCopy = ({ functionName, url }: Frame, copy: Copy): boolean =>
  functionName === copy && url.endsWith('guest/memory.ts');

/** The stage of a stack in an agent's main thread, by its innermost function with a known stage. */
const stages: readonly [stage: string, isIt: (frame: Frame) => boolean][] = [
  ['idle', ({ functionName }) => functionName === '(idle)'],
  ['garbage collector', ({ functionName }) => functionName === '(garbage collector)'],
  ['socket calls and the kernel’s network', ({ functionName }) => functionName === '(program)'],
  ['copies of pages', (frame) => isCopy(frame, 'copyTo') || isCopy(frame, 'copyFrom')],
  ['gRPC and protobuf', ({ url }) => /@grpc\/|protobufjs\/|proto\/bulk\.ts$/.test(url)],
  ['HTTP/2 and streams', ({ url }) => /^node:(internal\/(http2|streams|stream_base)|net)/.test(url)],
  ['choosing, installing, accounting', ({ url }) => url.includes('/hosts/')],
];

export const stageOf = (stack: readonly Frame[]): string => {
  for (const frame of stack) {
    const found = stages.find(([, isIt]) => isIt(frame));
    if (found !== undefined) return found[0];
  }
  return 'the rest of Node';
};

/** Idle and total CPU time of the machine so far, in ms. */
const machineTimes = (): { idleMs: number; totalMs: number } => {
  const times = cpus().map((each) => each.times);
  const idleMs = times.reduce((sum, { idle }) => sum + idle, 0);
  const totalMs = times.reduce((sum, each) => sum + Object.values(each).reduce((a, b) => a + b, 0), 0);
  return { idleMs, totalMs };
};

/** Measures how much of the machine was idle while a run migrated. */
class IdleMeter {
  #from = machineTimes();
  idleShare = Number.NaN;

  next(event: RunEvent): void {
    if (event.type !== 'phase') return;
    if (event.phase === 'migrate') this.#from = machineTimes();
    if (event.phase !== 'collect') return;
    const until = machineTimes();
    this.idleShare = (until.idleMs - this.#from.idleMs) / (until.totalMs - this.#from.totalMs);
  }
}

/** Makes agents that start meanwhile write their profiles to a directory, and reads those of their main threads. */
const profiled = async (act: () => Promise<unknown>): Promise<Sample[][]> => {
  const directory = mkdtempSync(join(tmpdir(), 'livemig-profiles-'));
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] =
    `${before ?? ''} --cpu-prof --cpu-prof-interval=${intervalUs} --cpu-prof-dir=${directory}`;
  try {
    await act();
    // CPU.DATE.TIME.PID.THREAD.NUMBER.cpuprofile
    const files = readdirSync(directory).filter((file) => file.split('.')[4] === '0');
    return files.map((file) => samplesOf(readProfile(join(directory, file))));
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
    rmSync(directory, { recursive: true });
  }
};

const figureOf = (name: string, window: readonly Sample[]): Figure => {
  const byStage = secondsByStage(window, stageOf);
  const wholeS = byStage.reduce((sum, [, seconds]) => sum + seconds, 0);
  const busy = byStage.filter(([stage]) => stage !== 'idle');
  return {
    name: `CPU of the ${name}'s main thread for 2 GiB, ${link}`,
    value: busy.reduce((sum, [, seconds]) => sum + seconds, 0),
    unit: 's',
    target: null,
    from: `of ${wholeS.toFixed(2)} s: ${busy.map(([stage, seconds]) => `${stage} ${seconds.toFixed(2)}`).join(', ')}`,
  };
};

export const stagesOfCpu: Benchmark = {
  name: 'capabilities/stages',
  about: "where the agents' CPU time goes while pages flow at 10 Gb/s, by stage (profiled, which slows it)",
  run: async (driver) => {
    if (driver !== 'netns')
      throw new LivemigError(
        'UNSUPPORTED',
        `agents of driver ${driver} don't inherit NODE_OPTIONS; take netns`,
      );
    const meter = new IdleMeter();
    const scenario = idleGuest(link, driver);
    await runOnce(scenario, { events: meter });
    const profiles = await profiled(() => runOnce(scenario));
    /** From the first copy to the last, in the one profile that has copies. */
    const windowOfRole = (copy: Copy): Sample[] =>
      profiles.flatMap((samples) =>
        windowOf(samples, ({ stack }) => stack.some((frame) => isCopy(frame, copy))),
      );
    return [
      {
        name: `share of the machine that is idle meanwhile (not profiled), ${link}`,
        value: 100 * meter.idleShare,
        unit: '%',
        target: null,
        from: `${cpus().length} cores with both hosts, router, observer and harness`,
      },
      figureOf('source', windowOfRole('copyTo')),
      figureOf('destination', windowOfRole('copyFrom')),
    ];
  },
};
