import { mean, sum } from 'simple-statistics';
import { strategies } from '#catalogue/strategies';
import type { LinkProfile } from '#proto/link';
import { rttMsOf } from '#proto/link';
import { gibibyte } from '#proto/units';
import type { Scenario } from '../scenario.ts';
import { expectedEvaluations } from './bisection.ts';
import type { Ledger, MadeRun } from './ledger.ts';
import type { Block, Trial } from './plan.ts';
import { keyOf } from './plan.ts';

/** How long runs take: estimated from the scenario at first, then from completed runs. */

/** Fresh agents, round trip, boot, collection and verification, except for what grows with the guest. */
const fixedMs = 1900;
/** Bring-up, shaping, corrections and the closing throughput, without their round trips. */
const testbedMs = 5000;
/** The throughput probe allows 40 round trips for slow start, in both directions, twice a block. */
const testbedRoundTrips = 160;
/** Filling and comparing memory on both hosts, on the development machine. */
const memoryPassMsPerGibibyte = 1500;
/** The most that two cores can carry on a fast link with a busy guest. */
const fastestMbps = 4000;
/** What a custom strategy resends isn't known. */
const sentBytes = ({ strategy, guest, workload }: Scenario): number =>
  guest.baseFootprintBytes + workload.regionBytes * (1 + (strategies.get(strategy)?.resentRegions ?? 0));

/** Estimated time of a run in a kept testbed, in ms. */
export const guessRunMs = (scenario: Scenario, profile: LinkProfile): number => {
  const { guest, workload, warmupMs } = scenario;
  const footprint = guest.baseFootprintBytes + workload.regionBytes;
  const mbps = Math.min(profile.sourceToDestination.rateMbps, fastestMbps);
  return (
    fixedMs +
    warmupMs +
    (footprint / gibibyte) * memoryPassMsPerGibibyte +
    (sentBytes(scenario) * 8) / (mbps * 1000) +
    10 * rttMsOf(profile)
  );
};

export const guessTestbedMs = (profile: LinkProfile): number =>
  testbedMs + testbedRoundTrips * rttMsOf(profile);

type ProfileOf = (link: string) => LinkProfile;

/** Known runs that a block still needs, each with its estimate. */
const openRuns = (
  block: Block,
  ledger: Ledger,
  profileOf: ProfileOf,
): { trial: Trial; guessMs: number }[] => {
  const guessed = (trial: Trial) => ({ trial, guessMs: guessRunMs(trial.scenario, profileOf(block.link)) });
  if (block.kind === 'trials')
    return block.trials
      .filter((trial) => ledger.answerTo(trial) === undefined && !ledger.isGivenUp(trial))
      .map(guessed);
  const next = ledger.next(block);
  if (next === null) return [];
  const { bisect } = block.search.search;
  const made = ledger.evaluationsOf(block.search);
  const left = Math.max(1, expectedEvaluations(bisect) - made);
  // Every other run fails to converge, and takes the maximum time.
  const boundMs = next.scenario.limits.maxPrecopyMs / 2;
  return Array.from({ length: left }, () => {
    const { trial, guessMs } = guessed(next);
    return { trial, guessMs: guessMs + boundMs };
  });
};

/** Measured times so far, compared with the estimates. */
export class Pace {
  readonly #measured = new Map<string, number[]>();
  readonly #ratios = new Map<string, number[]>();
  readonly #profileOf: ProfileOf;

  constructor(profileOf: ProfileOf) {
    this.#profileOf = profileOf;
  }

  /** @param made from this invocation, or from an earlier one's result. */
  note(made: Pick<MadeRun, 'part' | 'labels' | 'durationMs'>, scenario: Scenario): void {
    const cell = keyOf(made.part, made.labels);
    this.#measured.set(cell, [...(this.#measured.get(cell) ?? []), made.durationMs]);
    const ratio = made.durationMs / guessRunMs(scenario, this.#profileOf(scenario.link));
    for (const key of [made.part, '']) this.#ratios.set(key, [...(this.#ratios.get(key) ?? []), ratio]);
  }

  #runMs(trial: Trial, guessMs: number): number {
    const same = this.#measured.get(keyOf(trial.part, trial.labels));
    if (same !== undefined) return mean(same);
    return guessMs * mean(this.#ratios.get(trial.part) ?? this.#ratios.get('') ?? [1]);
  }

  /** What is left of a sweep, in ms. */
  remainingMs(blocks: readonly Block[], ledger: Ledger): number {
    return sum(
      blocks.map((block) => {
        const open = openRuns(block, ledger, this.#profileOf);
        if (open.length === 0) return 0;
        const runsMs = open.map(({ trial, guessMs }) => this.#runMs(trial, guessMs));
        return guessTestbedMs(this.#profileOf(block.link)) + sum(runsMs);
      }),
    );
  }
}
