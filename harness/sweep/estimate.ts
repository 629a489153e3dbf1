import { mean, sum } from 'simple-statistics';
import type { LinkProfile } from '../../proto/link.ts';
import { rttMsOf } from '../../proto/link.ts';
import { gibibyte } from '../../proto/units.ts';
import type { Scenario } from '../scenario.ts';
import { expectedEvaluations } from './bisection.ts';
import type { Ledger, MadeRun } from './ledger.ts';
import type { Block, Trial } from './plan.ts';
import { keyOf } from './plan.ts';

/** How long runs take: guessed from the scenario before any was made, then from those that were. */

/** Fresh agents, round trip, boot, collection and verification, without what grows with the guest. */
const fixedMs = 1900;
/** Up, shaping, corrections and the closing throughput, without the round trips in them. */
const testbedMs = 5000;
/** Slow start is given 40 round trips by the throughput probe, both ways, twice a block. */
const testbedRoundTrips = 160;
/** Filling and comparing memory on both hosts, on the development machine. */
const memoryPassMsPerGibibyte = 1500;
/** What two cores carry at most of a fast link with a guest at work. */
const fastestMbps = 4000;
/** Pre-copy rounds of a guest that converges, as multiples of its region. */
const precopyRounds = 2;

const sentBytes = ({ strategy, guest, workload }: Scenario): number => {
  const resent = strategy === 'hybrid' ? 1 : strategy === 'pre-copy' ? precopyRounds : 0;
  return guest.baseFootprintBytes + workload.regionBytes * (1 + resent);
};

/** A guess at a run in a kept testbed, in ms. */
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

/** Runs that a block still needs as far as is known, each with its guess. */
export const openRuns = (
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
  // Every other run fails to converge, and takes as long as it is allowed to.
  const boundMs = next.scenario.limits.maxPrecopyMs / 2;
  return Array.from({ length: left }, () => {
    const { trial, guessMs } = guessed(next);
    return { trial, guessMs: guessMs + boundMs };
  });
};

/** What was measured so far, against what was guessed. */
export class Pace {
  readonly #measured = new Map<string, number[]>();
  readonly #ratios = new Map<string, number[]>();
  readonly #profileOf: ProfileOf;

  constructor(profileOf: ProfileOf) {
    this.#profileOf = profileOf;
  }

  /** @param made as it was made, or as an earlier invocation's result says. */
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
