import type { GuestConfig } from '#proto/guest';
import { LivemigError } from '#proto/errors';
import type { StorageReport } from '#proto/storage';
import type { LinkTimeouts } from '#proto/link-timeouts';
import type { LinkProfile } from '#proto/link';
import type { TransferConfig } from '#proto/strategy';
import type { Clock } from '../clock.ts';
import type { DiskIoEvidence } from '../measure/measure.ts';
import type { Integrity } from '../result.ts';
import { guestConfigOf } from '../scenario.ts';
import type { LinkCalibration } from '../result/setting.ts';
import type { GuestTrace } from '#harness/measure/guest-end';
import type { DirtyHistory } from '../prediction/history.ts';
import type { Patience } from '../patience.ts';
import type { Testbed, Topology } from '../testbed/testbed.ts';
import type { LinkExtremes } from './link-extremes.ts';
import type { Clients } from './clients.ts';
import type { RunEventSink, RunPhase } from './events.ts';
import type { Loan } from './loan.ts';
import type { ObserverPace } from './observer-pace.ts';
import { extremesFor } from './record.ts';
import type { RunnableScenario, RunRecord } from './record.ts';
import type { LinkFigures } from './transfer.ts';

/** A guest of the run. The scenarios of today have one. */
export interface RunGuest {
  readonly id: string;
  /** Its own, outside both sites' subnets. */
  readonly address: string;
  readonly config: GuestConfig;
  /** What has been seen of it. */
  readonly trace: GuestTrace;
}

/** A migration that the run is there for. */
export interface PlannedMigration {
  readonly id: string;
  readonly guest: RunGuest;
  readonly from: 'source';
  readonly to: 'destination';
}

/** The link as it is, and what follows from that. */
export interface LinkOfRun {
  readonly calibration: LinkCalibration;
  readonly figures: LinkFigures;
  readonly transfer: TransferConfig;
  readonly timeouts: LinkTimeouts;
  /** Ends a hung migration. */
  readonly migrationTimeoutMs: number;
  readonly pace: ObserverPace;
}

/** What one stage finds out for those that come after it. */
export class Found<T> {
  readonly #what: string;
  readonly #given = Promise.withResolvers<T>();
  #value: T | undefined;

  constructor(what: string) {
    this.#what = what;
  }

  set(value: T): void {
    this.#value = value;
    this.#given.resolve(value);
  }

  get isFound(): boolean {
    return this.#value !== undefined;
  }

  /** Resolves once it has been found, which may never be. */
  get found(): Promise<T> {
    return this.#given.promise;
  }

  /** @throws LivemigError INTERNAL before it has been found. */
  get value(): T {
    if (this.#value === undefined)
      throw new LivemigError('INTERNAL', `expected the run to know ${this.#what} by now`);
    return this.#value;
  }
}

/** One run in its testbed: what its stages and actors work with. */
export interface Run {
  readonly record: RunRecord;
  readonly scenario: RunnableScenario;
  readonly profile: LinkProfile;
  /** Negative control: set in place of the profile. */
  readonly applyInstead: LinkProfile | undefined;
  readonly onCalibrated: ((testbed: Testbed) => Promise<void>) | undefined;
  /** Gets the guest's dirty history; undefined = none is recorded. */
  readonly onHistory: ((history: DirtyHistory) => void) | undefined;
  /** Negative control: false = the storage host is a naive export, which refuses no late writer. */
  readonly fencing: boolean;
  readonly loan: Loan;
  readonly testbed: Testbed;
  readonly topology: Topology;
  readonly clients: Clients;
  /** The testbed's: whatever waits in a run waits by it. */
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly patience: Patience;
  /** For whoever watches the run. */
  readonly events: RunEventSink | undefined;
  readonly enter: (phase: RunPhase, detail?: string) => void;
  readonly guests: readonly RunGuest[];
  readonly migrations: readonly PlannedMigration[];
  readonly link: Found<LinkOfRun>;
  /** How far its timeline may change the link. */
  readonly extremes: LinkExtremes;
  /** Whether packets may be lost, doubled or reordered in a direction that begins without. */
  readonly mayHitPackets: boolean;
  /** When the order to migrate was given, by the run's clock. */
  readonly orderedAtMs: Found<number>;
  /** Where the router hears each guest's announcement: a UDP port, by the guest's id. */
  readonly announcePorts: Map<string, number>;
  readonly verified: Found<{
    integrity: Integrity;
    touchedPages: number;
    storage: StorageReport | null;
    diskIo: DiskIoEvidence | null;
  }>;
}

/** The one guest of a scenario; the result tells what the record has seen of it. */
const guestsOf = ({ scenario, guest: trace }: RunRecord, topology: Topology): RunGuest[] => [
  { id: 'vm0', address: topology.guestAddress, config: guestConfigOf(scenario), trace },
];

export const startRun = (
  given: Omit<
    Run,
    | 'scenario'
    | 'testbed'
    | 'topology'
    | 'clock'
    | 'guests'
    | 'migrations'
    | 'link'
    | 'extremes'
    | 'mayHitPackets'
    | 'orderedAtMs'
    | 'announcePorts'
    | 'verified'
  >,
): Run => {
  const { testbed } = given.loan;
  const { scenario } = given.record;
  const guests = guestsOf(given.record, testbed.topology);
  const extremes = extremesFor(given.record, given.profile);
  return {
    ...given,
    scenario,
    testbed,
    topology: testbed.topology,
    clock: testbed.clock,
    guests,
    migrations: guests.map((guest) => ({
      id: given.record.newId(),
      guest,
      from: 'source',
      to: 'destination',
    })),
    link: new Found('its link'),
    extremes,
    mayHitPackets: extremes.mayHitPackets,
    orderedAtMs: new Found('when its migration began'),
    announcePorts: new Map(),
    verified: new Found('whether the guest is whole'),
  };
};
