import { chdir, cwd } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, toErrorDocument } from '#proto/errors';
import { monotonicMs } from '#proto/units';
import { loadProfile } from '../profiles.ts';
import { inTestbed, runScenario } from '../run.ts';
import type { RunEventSink } from '../run/events.ts';
import { KeptTestbed } from '../run/kept-testbed.ts';
import { calibrateLink } from '../run/link.ts';
import { startRecord } from '../run/record.ts';
import type { Scenario } from '../scenario.ts';
import type { TestbedDriver } from '../testbed/testbed.ts';
import type { KeptStatus, Say } from './messages.ts';

export interface KeeperOptions {
  /** What kind of testbed, and over which link. */
  scenario: Scenario;
  driver: TestbedDriver;
  /** It ends by itself when it has had no run for so long. */
  idleMaxMs: number;
  /** Ends it. */
  signal: AbortSignal;
  events: RunEventSink;
  tell: (text: string) => void;
  /** Runs that follow each other sooner don't wait for the throughput to be measured in between. */
  confirmAfterMs?: number;
}

const defaultConfirmAfterMs = 10_000;
const warningsMax = 100;

/**
 * One testbed, kept up and calibrated for one run after another. After each run it gets fresh agents, and when none follows
 * its throughput is measured again, so that what a run rests on is known on both sides of it.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #testbeds = new KeptTestbed();
  readonly #warnings: string[] = [];
  #state: KeptStatus['state'] = 'bringing up';
  #run: string | null = null;
  #runs = 0;
  #idleSinceMs = monotonicMs();
  /** What it does on its own; whoever wants the testbed waits for it. */
  #upkeep: Promise<void> = Promise.resolve();
  #wantsConfirmation = new AbortController();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get status(): KeptStatus {
    const { known } = this.#testbeds;
    return {
      state: this.#state,
      run: this.#run,
      runs: this.#runs,
      rttMs: known?.calibration.rttMs ?? null,
      goodputMbps: known?.calibration.goodputMbps ?? null,
      endsInMs: this.#state === 'idle' ? Math.max(0, this.#endsAtMs() - monotonicMs()) : null,
      warnings: [...this.#warnings],
    };
  }

  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** @throws LivemigError what keeps the testbed from coming up, or its link from being what its profile says */
  async bringUp(): Promise<void> {
    const { scenario, driver, signal, events } = this.#options;
    this.#state = 'bringing up';
    const profile = loadProfile(scenario.link);
    const record = startRecord(scenario);
    await inTestbed(record, profile, { driver, testbeds: this.#testbeds, events }, signal, async (run) => {
      await calibrateLink(run, run.loan);
      run.loan.keep(false);
    });
    this.#rest();
  }

  /** Resolves when it has been idle for too long. */
  async untilIdleForLong(signal: AbortSignal): Promise<void> {
    for (;;) {
      const leftMs = this.#state === 'idle' ? this.#endsAtMs() - monotonicMs() : this.#options.idleMaxMs;
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, 1000), undefined, { signal });
    }
  }

  /**
   * @param directory where the scenario's paths start.
   * @returns what there is to be said in the end
   */
  async run(
    scenario: Scenario,
    directory: string,
    events: RunEventSink,
    signal: AbortSignal,
  ): Promise<Extract<Say, { say: 'busy' | 'result' | 'error' }>> {
    if (this.#run !== null) return { say: 'busy', run: this.#run };
    this.#run = scenario.name;
    this.#wantsConfirmation.abort();
    const before = cwd();
    try {
      await this.#upkeep;
      this.#state = 'running';
      chdir(directory);
      const { driver } = this.#options;
      const result = await runScenario(scenario, { driver, testbeds: this.#testbeds, events, signal });
      this.#runs += 1;
      return { say: 'result', result };
    } catch (error) {
      return { say: 'error', error: toErrorDocument(error) };
    } finally {
      chdir(before);
      this.#run = null;
      this.#upkeep = this.#tidyUp();
    }
  }

  /** Takes the testbed down. */
  async end(): Promise<void> {
    this.#wantsConfirmation.abort();
    await this.#upkeep;
    await this.#testbeds[Symbol.asyncDispose]();
  }

  #isEnding(): boolean {
    return this.#options.signal.aborted;
  }

  #endsAtMs(): number {
    return this.#idleSinceMs + this.#options.idleMaxMs;
  }

  #rest(): void {
    // One waits already.
    if (this.#run !== null) return;
    this.#state = 'idle';
    this.#idleSinceMs = monotonicMs();
    this.#wantsConfirmation = new AbortController();
    this.#upkeep = this.#confirmLater(this.#wantsConfirmation.signal);
  }

  #warn(text: string): void {
    this.#warnings.push(text);
    if (this.#warnings.length > warningsMax) this.#warnings.shift();
    this.#options.tell(text);
  }

  /** Never rejects. */
  async #tidyUp(): Promise<void> {
    const { signal } = this.#options;
    if (this.#isEnding()) return;
    this.#state = 'renewing';
    try {
      await this.#testbeds.freshen(signal);
      if (this.#testbeds.known === null) await this.bringUp();
      else this.#rest();
    } catch (error) {
      if (this.#isEnding()) return;
      this.#warn(`the testbed could not be renewed, and the next run brings up another: ${messageOf(error)}`);
      this.#rest();
    }
  }

  /** Never rejects. */
  async #confirmLater(wanted: AbortSignal): Promise<void> {
    const { signal, confirmAfterMs = defaultConfirmAfterMs } = this.#options;
    try {
      await sleep(confirmAfterMs, undefined, { signal: AbortSignal.any([wanted, signal]) });
      await this.#testbeds.confirm(signal);
      const refuted = this.#testbeds.takeRefuted();
      if (refuted === null) return;
      this.#warn(
        `the link was found wrong after these runs, whose figures can't be trusted: ${refuted.runIds.join(', ')} ` +
          `(${refuted.reasons.join('; ')})`,
      );
      await this.bringUp();
    } catch (error) {
      if (!wanted.aborted && !this.#isEnding())
        this.#warn(`the link could not be measured again: ${messageOf(error)}`);
    }
  }
}
