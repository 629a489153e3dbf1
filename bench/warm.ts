import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { compileCacheDirectory } from '#harness/compile-cache';
import { median } from '#harness/median';
import type { RunResult } from '#harness/result';
import type { RunEvent, RunPhase } from '#harness/run';
import { warmupMsOf } from '#harness/run/migration';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import type { Benchmark, Figure } from './bench.ts';

const links = ['lan-1g', 'coleraine-dublin-1g', 'coleraine-halifax'];
const repetitions = 7;
/** Each run, however it goes. */
const boundMs = 120_000;
/** For fresh agents after a run, of which the next one is to find none starting. */
const renewalMs = 1500;
const scenario = [
  ...['--guest', '64MiB,baseFootprint=16MiB', '--workload', 'stress:16MiB@2000'],
  ...['--strategy', 'hybrid', '--warmup', '500'],
];

const cli = fileURLToPath(new URL('../harness/cli.ts', import.meta.url));
const execFileAsync = promisify(execFile);

/** Another process, with temporary files of its own, so that no other kept testbed is found. */
const livemig = (temporary: string, ...args: string[]) =>
  execFileAsync(process.execPath, ['--disable-warning=ExperimentalWarning', cli, ...args], {
    timeout: boundMs,
    killSignal: 'SIGINT',
    maxBuffer: 256 << 20,
    // As `bin/livemig.js` starts it.
    env: { NODE_COMPILE_CACHE: compileCacheDirectory(), ...process.env, TMPDIR: temporary },
  });

/** In ms, in the order in which a run spends them. */
type Parts = Record<'start' | 'hosts' | 'link' | 'boot' | 'warm-up' | 'migrate' | 'run-on' | 'rest', number>;

/** What a warm run takes outside its warm-up and its migration. @returns null where noise spoilt it */
const warmRun = async (temporary: string, link: string, driver: string): Promise<Parts | null> => {
  const out = await mkdtemp(join(temporary, 'out-'));
  const startedAtMs = monotonicMs();
  const { stdout } = await livemig(
    temporary,
    ...['run', '--link', link, '--driver', driver, ...scenario, '--out', out, '--json'],
  ).catch((error: unknown) => error as { stdout: string });
  const endedAtMs = monotonicMs();
  const result = JSON.parse(stdout) as RunResult;
  if (result.state === 'invalid') return null;
  if (result.state !== 'completed') throw new LivemigError(result.error.code, result.error.message);
  const files = await readdir(out);
  const lines = await readFile(join(out, files.find((file) => file.endsWith('.events.jsonl')) ?? ''), 'utf8');
  const events = lines.trim().split('\n').map((line) => JSON.parse(line) as RunEvent); // prettier-ignore
  const phases = events.filter((event) => event.type === 'phase');
  const at = (phase: RunPhase): number => {
    const found = phases.find((event) => event.phase === phase);
    if (found === undefined) throw new LivemigError('INTERNAL', `expected the run to tell of ${phase}`);
    return found.atMs;
  };
  return {
    start: at('up') - startedAtMs,
    hosts: at('calibrate') - at('up'),
    link: at('boot') - at('calibrate'),
    boot: at('warm-up') - at('boot'),
    'warm-up': at('migrate') - at('warm-up') - warmupMsOf(result.scenario),
    migrate: at('collect') - at('migrate') - result.measurement.totalTimeMs,
    'run-on': at('verify') - at('collect'),
    rest: endedAtMs - at('verify'),
  };
};

const totalMs = (parts: Parts): number => Object.values(parts).reduce((sum, ms) => sum + ms, 0);

const overLink = async (temporary: string, link: string, driver: string): Promise<Figure> => {
  await livemig(temporary, 'up', '--link', link, '--driver', driver);
  const runs: Parts[] = [];
  try {
    // The first one finds the keeper's code not yet compiled.
    for (let run = 0; run <= repetitions; run += 1) {
      await sleep(renewalMs);
      const parts = await warmRun(temporary, link, driver);
      if (run > 0 && parts !== null) runs.push(parts);
    }
  } finally {
    await livemig(temporary, 'down');
  }
  const [some] = runs;
  if (some === undefined) throw new LivemigError('LINK_OUT_OF_TOLERANCE', `${link}: noise spoilt every run`);
  const partText = (Object.keys(some) as (keyof Parts)[])
    .map((name) => `${name} ${median(runs.map((parts) => parts[name])).toFixed(0)}`)
    .join(', ');
  return {
    name: `a warm run beyond its migration and its warm-up, ${link}`,
    value: median(runs.map(totalMs)) / 1000,
    unit: 's',
    target: { atMost: 1 },
    from: `${runs.map((parts) => (totalMs(parts) / 1000).toFixed(2)).join(', ')}; median by part in ms: ${partText}`,
  };
};

export const warm: Benchmark = {
  name: 'warm',
  about: 'what a run in a kept testbed takes beyond its migration and its warm-up, by part',
  run: async (driver) => {
    const temporary = await mkdtemp(join(tmpdir(), 'livemig-bench-'));
    try {
      const figures: Figure[] = [];
      for (const link of links) figures.push(await overLink(temporary, link, driver));
      return figures;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  },
};
