import type { LinkProfile } from '#proto/link';
import type { Patience } from '../patience.ts';
import type { LinkCalibration } from '../result/setting.ts';
import type { Testbed, TestbedDriver } from '../testbed/testbed.ts';
import { extremesFor } from './record.ts';
import type { RunRecord } from './record.ts';
import { bringUp } from './testbed.ts';
import { tcpBufferMaxBytesOf } from './transfer.ts';

/** What a run wants to be lent. */
export interface LoanRequest {
  driver: TestbedDriver;
  profile: LinkProfile;
  /** Says what the driver tells of the testbed. */
  record: RunRecord;
  signal: AbortSignal;
  tell: (detail: string) => void;
  patience?: Patience | undefined;
}

/** A link as it was last calibrated. */
export interface KnownLink {
  calibration: LinkCalibration;
  /** When its throughput was measured, on CLOCK_MONOTONIC. */
  throughputAtMs: number;
}

/** A testbed for one run; disposing gives it back. */
export interface Loan extends AsyncDisposable {
  readonly testbed: Testbed;
  /** The link that an earlier run has shaped and calibrated in it; null: none has. */
  readonly known: KnownLink | null;
  /** A known throughput that is older is to be measured again. */
  readonly throughputMaxAgeMs: number;
  /** What this run's calibration found, within tolerance or not. */
  calibrated(link: KnownLink): void;
  /**
   * The run ended as a run should: what it was lent is good for another. Otherwise giving it back ends it.
   * @param hadGuest false = the agents have only measured the link, and the next run may have them
   */
  keep(hadGuest?: boolean): void;
  readonly isKept: boolean;
}

/** Where runs get their testbeds. */
export interface TestbedLender {
  /** @throws LivemigError TESTBED_FAILED, or CANCELLED with nothing left behind. */
  lend(request: LoanRequest): Promise<Loan>;
}

/** A testbed of its own for every run. */
export const singleUse: TestbedLender = {
  lend: async ({ driver, profile, record, signal, tell, patience }) => {
    const testbed = await bringUp(
      driver,
      tcpBufferMaxBytesOf(extremesFor(record, profile).roomiest),
      record,
      signal,
      tell,
      patience,
    );
    return {
      testbed,
      known: null,
      throughputMaxAgeMs: 0,
      calibrated: () => undefined,
      keep: () => undefined,
      isKept: false,
      [Symbol.asyncDispose]: () => testbed[Symbol.asyncDispose](),
    };
  },
};
