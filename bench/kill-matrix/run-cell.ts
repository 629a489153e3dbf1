import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sweepTemporaries } from '#harness/files/temporary';
import { findRuns } from '#harness/run/running';
import { sweepDirectories } from '#harness/testbed/netns/directory';
import { markedOwner, sweepProcesses } from '#harness/testbed/netns/mark';
import { startTimeOf } from '#harness/testbed/owner';
import { orLate } from '#harness/within';
import { LivemigError } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import type { LivemigProcess } from '#test/support/livemig-process';
import { startLivemig } from '#test/support/livemig-process';
import type { Cell } from './cells.ts';
import { cellText, commonArgs, phaseNamed, stoppedMs } from './cells.ts';
import type { Seen } from './judge.ts';
import { endsWithinMs, isFatal } from './judge.ts';

const pollMs = 20;
/** The time limit for a run to reach its phase. */
const phaseWithinMs = 120_000;
/** A noisy machine may spoil the link before any signal is sent. */
const attemptsMax = 5;
/** The kernel takes down a namespace's processes one after the other. */
const goneWithinMs = 5000;

/** Identifies a process for good, by its start time. */
interface Sighted {
  pid: number;
  startTime: string;
  commandLine: string;
  netNamespace: string;
}

const sighted = (name: string): Sighted[] => {
  try {
    const pid = Number(name);
    const startTime = startTimeOf(pid);
    const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8');
    const netNamespace = readlinkSync(`/proc/${name}/ns/net`);
    return startTime === null ? [] : [{ pid, startTime, commandLine, netNamespace }];
  } catch {
    // It ended meanwhile, or belongs to another user.
    return [];
  }
};

const processes = (): Sighted[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap(sighted); // prettier-ignore

/** One run with its own directories, so that nothing of another run is mistaken for its. */
class StruckRun {
  readonly cell: Cell;
  readonly temporary: string;
  readonly results: string;
  readonly run: LivemigProcess;
  /** The processes in its namespaces at the moment of the signal. */
  #lived: Sighted[] = [];
  #orders: LivemigProcess[] = [];

  constructor(cell: Cell, directory: string) {
    this.cell = cell;
    this.temporary = directory;
    this.results = join(directory, 'results');
    const { args } = phaseNamed(cell.phase);
    this.run = startLivemig(
      [...commonArgs(cell.phase), '--driver', 'netns', '--out', this.results, ...args],
      this.#environment,
    );
  }

  get #environment(): NodeJS.ProcessEnv {
    return { TMPDIR: this.temporary };
  }

  get #pid(): number {
    return this.run.child.pid ?? 0;
  }

  get #isOver(): boolean {
    return this.run.child.exitCode !== null || this.run.child.signalCode !== null;
  }

  #order(words: readonly string[]): void {
    this.#orders.push(startLivemig([...words, '--run', String(this.#pid)], this.#environment));
  }

  /** @returns false if it ended before that. @throws LivemigError TIMEOUT */
  async #untilSaid(text: string): Promise<boolean> {
    const startedAtMs = monotonicMs();
    while (!this.run.said.stderr.includes(text)) {
      if (this.#isOver) return false;
      if (monotonicMs() - startedAtMs > phaseWithinMs)
        throw new LivemigError('TIMEOUT', `the run did not say "${text}" within ${phaseWithinMs / 1000} s`);
      await sleep(pollMs);
    }
    return true;
  }

  /** Brings it into its phase. @returns false if it ended before that. */
  async reach(): Promise<boolean> {
    const { line, order } = phaseNamed(this.cell.phase);
    if (order !== undefined) {
      if (!(await this.#untilSaid(order.after))) return false;
      this.#order(order.words);
    }
    return this.#untilSaid(line);
  }

  #isOwn({ commandLine }: Sighted): boolean {
    return commandLine.includes(`${this.temporary}/livemig-`) || markedOwner(commandLine)?.pid === this.#pid;
  }

  #agents(): ReadonlyMap<string, Sighted> {
    const agent = /\/agent\.ts\0(\w+)\0unix:/;
    return new Map(
      processes()
        .filter((each) => this.#isOwn(each) && isNode(each.pid))
        .flatMap((each) => {
          const role = agent.exec(each.commandLine)?.[1];
          return role === undefined ? [] : [[role, each] as const];
        }),
    );
  }

  /** @throws LivemigError TESTBED_FAILED if the victim isn't there */
  async strike(): Promise<void> {
    const { victim, signal, phase } = this.cell;
    const agents = this.#agents();
    const namespaces = new Set([...agents.values()].map(({ netNamespace }) => netNamespace));
    this.#lived = processes().filter((each) => this.#isOwn(each) || namespaces.has(each.netNamespace));
    const pid = victim === 'harness' ? this.#pid : agents.get(victim)?.pid;
    if (pid === undefined) throw new LivemigError('TESTBED_FAILED', `there is no ${victim} agent to strike`);
    if (signal !== 'CONT') {
      process.kill(pid, `SIG${signal}`);
      return;
    }
    process.kill(pid, 'SIGSTOP');
    await sleep(stoppedMs);
    process.kill(pid, 'SIGCONT');
    const { goOn } = phaseNamed(phase);
    if (goOn !== undefined) this.#order(goOn);
  }

  #leftovers(): string[] {
    const running = processes()
      .filter(
        (each) =>
          this.#isOwn(each) ||
          this.#lived.some(({ pid, startTime }) => pid === each.pid && startTime === each.startTime),
      )
      .map(({ pid, commandLine }) => `process ${pid} ${commandLine.replaceAll('\0', ' ').slice(0, 100)}`);
    const files = readdirSync(this.temporary, { recursive: true, encoding: 'utf8' }).filter(
      (name) => !/^(livemig-runs-\w+|results(\/(runs\.jsonl|[^./][^/]*\.jsonl?))?)$/.test(name),
    );
    return [...running, ...files];
  }

  async #remaining(): Promise<string[]> {
    const startedAtMs = monotonicMs();
    for (;;) {
      const leftovers = this.#leftovers();
      if (leftovers.length === 0 || monotonicMs() - startedAtMs > goneWithinMs) return leftovers;
      await sleep(pollMs);
    }
  }

  /** Waits for its end. */
  async see(struckAtMs: number): Promise<Seen> {
    const ended = await orLate(this.run.ended, endsWithinMs - (monotonicMs() - struckAtMs));
    const tookMs = ended === 'late' ? null : monotonicMs() - struckAtMs;
    await this.end();
    if (isFatal(this.cell)) {
      // Cleans up as the next start does.
      await sweepProcesses();
      await sweepDirectories(this.temporary);
      sweepTemporaries(this.results);
      await findRuns(this.temporary);
    }
    const { child, said } = this.run;
    return {
      tookMs,
      exitCode: child.exitCode,
      endedBy: child.signalCode,
      result: said.stdout.trim() === '' ? null : (JSON.parse(said.stdout) as Seen['result']),
      isStored: existsSync(join(this.results, 'runs.jsonl')),
      leftovers: await this.#remaining(),
    };
  }

  /** Whatever is still running of it. */
  async end(): Promise<void> {
    for (const { child, ended } of [this.run, ...this.#orders]) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
  }
}

const isNode = (pid: number): boolean => {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === basename(process.execPath);
  } catch {
    return false;
  }
};

/**
 * Starts a run, sends the signal in the cell's phase, and waits for the end.
 * @throws LivemigError TESTBED_FAILED if no run gets there, TIMEOUT if it takes too long
 */
export const runCell = async (cell: Cell): Promise<Seen> => {
  const directory = await mkdtemp(join(tmpdir(), 'lmk-'));
  try {
    for (let attempt = 1; ; attempt += 1) {
      const own = join(directory, String(attempt));
      await mkdir(own);
      const struck = new StruckRun(cell, own);
      try {
        if (await struck.reach()) {
          const struckAtMs = monotonicMs();
          await struck.strike();
          return await struck.see(struckAtMs);
        }
      } finally {
        await struck.end();
      }
      const { stderr } = struck.run.said;
      if (attempt === attemptsMax) {
        const words = stderr.trim().split('\n').slice(-12).join('\n');
        throw new LivemigError('TESTBED_FAILED', `${cellText(cell)}: no run got there:\n${words}`);
      }
      const why = /^ {2}[A-Z_]+: .*$/m.exec(stderr)?.[0].trim() ?? 'it does not say why';
      process.stderr.write(`  ${cellText(cell)}: attempt ${attempt} ended before that: ${why}\n`);
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
