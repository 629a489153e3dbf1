import { messageOf } from '#proto/errors';
import type { LinkProfile } from '#proto/link';
import { measureThroughput } from '../testbed/probe-link.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { throughputReasons } from '../testbed/tolerance.ts';
import { checkAborted, connectClients, unlessAborted } from './clients.ts';
import type { KnownLink, Loan, LoanRequest, TestbedLender } from './loan.ts';
import { singleUse } from './loan.ts';
import { needsStorage } from './needs-storage.ts';
import { extremesFor } from './record.ts';
import { tcpBufferMaxBytesOf } from './transfer.ts';

/** Runs whose link turned out wrong after they had been made. */
export interface Refuted {
  runIds: readonly string[];
  reasons: readonly string[];
}

/** A block of short runs measures its throughput at both ends, long runs in between as well. */
const defaultThroughputMaxAgeMs = 3 * 60_000;

interface Held {
  testbed: Testbed;
  profile: LinkProfile;
  /** What has to be the same for the next run. */
  key: string;
  known: KnownLink | null;
  /** Its agents at source and destination have not had a run. */
  isFresh: boolean;
}

const keyOf = ({ driver, profile, record }: LoanRequest): string => {
  const { scenario } = record;
  const { roomiest, mayHitPackets } = extremesFor(record, profile);
  return JSON.stringify([
    driver.name,
    profile,
    scenario.backend,
    scenario.congestionControl,
    needsStorage(scenario),
    tcpBufferMaxBytesOf(roomiest),
    mayHitPackets,
  ]);
};

/** @throws LivemigError CANCELLED */
const wrongThroughput = async ({ testbed, profile }: Held, signal: AbortSignal): Promise<string[]> => {
  const clients = connectClients(testbed, signal);
  try {
    return (await measureThroughput({ clients, topology: testbed.topology, profile })).reasons;
  } catch (error) {
    checkAborted(signal);
    return [`its throughput could not be measured again: ${messageOf(error)}`];
  } finally {
    for (const client of Object.values(clients)) client.close();
  }
};

/**
 * One testbed for run after run over the same link with the same congestion control, backend, driver and hosts, each with fresh
 * agents at source and destination. It is calibrated in full when it comes up. Every later run measures the round trip
 * again, and the throughput where that is too old; `close` measures the throughput once more. When it is found wrong,
 * `refuted` names the runs since it was last found right.
 */
export class KeptTestbed implements TestbedLender, AsyncDisposable {
  #held: Held | null = null;
  /** Runs that rest on a throughput that has not been measured since. */
  #unconfirmed: string[] = [];
  #refuted: Refuted | null = null;
  readonly #throughputMaxAgeMs: number;

  constructor({ throughputMaxAgeMs = defaultThroughputMaxAgeMs }: { throughputMaxAgeMs?: number } = {}) {
    this.#throughputMaxAgeMs = throughputMaxAgeMs;
  }

  async lend(request: LoanRequest): Promise<Loan> {
    const held = (await this.#renewed(request)) ?? (await this.#fresh(request));
    const { record } = request;
    let isKept = false;
    return {
      testbed: held.testbed,
      known: held.known,
      throughputMaxAgeMs: this.#throughputMaxAgeMs,
      calibrated: (link) => {
        if (link.calibration.throughputMeasured.runId === record.runId)
          this.#judge(throughputReasons(held.profile, link.calibration));
        held.known = link;
      },
      keep: (hadGuest = true) => {
        held.isFresh = !hadGuest;
        this.#unconfirmed.push(record.runId);
        isKept = held.testbed.renew !== undefined;
      },
      get isKept() {
        return isKept;
      },
      [Symbol.asyncDispose]: async () => {
        if (!isKept) await this[Symbol.asyncDispose]();
      },
    };
  }

  /** The runs that were found to have been made over a wrong link since this was last asked. */
  takeRefuted(): Refuted | null {
    const refuted = this.#refuted;
    this.#refuted = null;
    return refuted;
  }

  /** The link of the testbed that is held, as it was last calibrated. */
  get known(): KnownLink | null {
    return this.#held?.known ?? null;
  }

  /**
   * Gives the testbed fresh agents now, so that the next run need not wait for them. No run may be under way. One that
   * can't be renewed is taken down.
   * @throws LivemigError CANCELLED; TESTBED_FAILED
   */
  async freshen(signal: AbortSignal): Promise<void> {
    const held = this.#held;
    if (held === null || held.isFresh) return;
    try {
      await unlessAborted(held.testbed.renew?.() ?? Promise.resolve(), signal);
      held.isFresh = true;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Measures the throughput now, if runs rest on it that were made since it was last measured. No run may be under way. A
   * testbed whose link turns out wrong is taken down, and `takeRefuted` names the runs.
   * @throws LivemigError CANCELLED; a throughput that can't be measured counts as wrong.
   */
  async confirm(signal: AbortSignal): Promise<void> {
    const held = this.#held;
    if (held === null || !this.#restsOnMore(held)) return;
    const reasons = await wrongThroughput(held, signal);
    this.#judge(reasons);
    if (reasons.length > 0) await this[Symbol.asyncDispose]();
  }

  /**
   * Measures the throughput once more, if that tells anything new, and takes the testbed down.
   * @throws LivemigError CANCELLED; a throughput that can't be measured counts as wrong.
   */
  async close(signal: AbortSignal): Promise<void> {
    try {
      const held = this.#held;
      if (held !== null && this.#restsOnMore(held)) this.#judge(await wrongThroughput(held, signal));
    } finally {
      await this[Symbol.asyncDispose]();
    }
  }

  /** Takes the testbed down. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const held = this.#held;
    this.#held = null;
    this.#unconfirmed = [];
    await held?.testbed[Symbol.asyncDispose]();
  }

  /** Than a run of its own does, which measures the throughput before the migration and not again. */
  #restsOnMore({ known }: Held): boolean {
    const [first, ...others] = this.#unconfirmed;
    const isItsOwn = first === known?.calibration.throughputMeasured.runId;
    return first !== undefined && !(isItsOwn && others.length === 0);
  }

  #judge(reasons: readonly string[]): void {
    if (reasons.length > 0 && this.#unconfirmed.length > 0)
      this.#refuted = { runIds: this.#unconfirmed, reasons };
    this.#unconfirmed = [];
  }

  async #renewed(request: LoanRequest): Promise<Held | null> {
    const held = this.#held;
    if (held === null) return null;
    const { record, driver, signal, tell } = request;
    try {
      checkAborted(signal);
      if (held.key === keyOf(request)) {
        if (!held.isFresh) {
          tell('fresh agents at source and destination');
          await unlessAborted(held.testbed.renew?.() ?? Promise.resolve(), signal);
        }
        held.isFresh = false;
        record.driver = driver.name;
        record.environment.testbed = await held.testbed.describe();
        return held;
      }
    } catch (error) {
      await this[Symbol.asyncDispose]();
      checkAborted(signal);
      tell(`a new testbed, as the kept one can't be renewed: ${messageOf(error)}`);
      return null;
    }
    await this[Symbol.asyncDispose]();
    return null;
  }

  async #fresh(request: LoanRequest): Promise<Held> {
    const { testbed } = await singleUse.lend(request);
    this.#held = { testbed, profile: request.profile, key: keyOf(request), known: null, isFresh: false };
    this.#unconfirmed = [];
    return this.#held;
  }
}
