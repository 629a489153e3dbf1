import type { BulkMessage } from '#proto/bulk';
import type { DestinationWord, SourcePhase } from '#proto/migration-phases';
import type { DestinationPhase, SourceWord } from '#proto/migration-phases';
import { migrationVersion, ramRegion } from '#proto/migration';
import type {
  DestinationHello,
  FromDestination,
  FromSource,
  RegionShape,
  SourceHello,
} from '#proto/migration';
import { pageSizeBytes } from '#proto/units';
import { RulesAtDestination } from '#hosts/transfer/rules-at-destination';
import { RulesAtSource } from '#hosts/transfer/rules-at-source';

/**
 * Both ends' rules, brought into any phase by the messages of a well-behaved peer; and a legal value for every message.
 */

export const pageCount = 100;

/** The regions of a guest that has only RAM. */
export const ramRegions = (pages: number): RegionShape[] => [
  { id: ramRegion, name: 'ram', blockSizeBytes: pageSizeBytes, blockCount: pages },
];

export const sourceHello: SourceHello = {
  version: migrationVersion,
  migrationId: 'ours',
  regions: ramRegions(pageCount),
  vcpus: 1,
  deviceStateBytes: 64,
  channels: 2,
  faultsInStream: false,
  capabilities: [],
};
export const destinationHello: DestinationHello = {
  version: migrationVersion,
  migrationId: 'ours',
  capabilities: [],
  recovers: false,
  resumed: false,
};

/** Messages that a source in this test has written to each of its two channels. */
export const writtenPerChannel = 5;
export const outstandingBarrier = 7;

export const allReceived = (): { region: number; firstPage: number; bitmap: Buffer } => ({
  region: ramRegion,
  firstPage: 0,
  bitmap: Buffer.alloc(Math.ceil(pageCount / 8), 0),
});

/** What advances a source's rules from the phase before. */
const waysAtSource: Readonly<Record<SourcePhase, (rules: RulesAtSource) => void>> = {
  greeting: () => undefined,
  setup: (rules) => rules.admitted(destinationHello),
  recover: (rules) => rules.admitted({ ...destinationHello, recovers: true, resumed: true }),
  active: (rules) => {
    waysAtSource.setup(rules);
    rules.heard({ ready: {} });
  },
  ordered: (rules) => {
    waysAtSource.active(rules);
    rules.wrote({ resume: { mode: 'POSTCOPY', after: [] } });
  },
  running: (rules) => {
    waysAtSource.ordered(rules);
    rules.heard({ resumed: {} });
  },
  'ordered-all-sent': (rules) => {
    waysAtSource.ordered(rules);
    rules.allPagesSent();
  },
  'all-sent': (rules) => {
    waysAtSource.running(rules);
    rules.allPagesSent();
  },
  completed: (rules) => {
    waysAtSource['all-sent'](rules);
    rules.heard({ completed: { pages: pageCount } });
  },
};

export const rulesAtSourceIn = (phase: SourcePhase): RulesAtSource => {
  const isAgain = phase === 'recover';
  const history = { isOrdered: isAgain, isResumed: isAgain };
  const rules = new RulesAtSource(sourceHello, history, () => writtenPerChannel);
  waysAtSource[phase](rules);
  rules.barrierSent(outstandingBarrier);
  return rules;
};

/** A message from the destination, with a value within bounds wherever the message is legal. */
export const destinationSays: Readonly<Record<DestinationWord, (rules: RulesAtSource) => void>> = {
  hello: (rules) => rules.admitted(destinationHello),
  received: (rules) => rules.heard({ received: allReceived() }),
  ready: (rules) => {
    // When recovering, only after it has reported what it has.
    if (rules.phase === 'recover') rules.heard({ received: allReceived() });
    rules.heard({ ready: {} });
  },
  receipt: (rules) => rules.heard({ receipt: { channel: 1, sequence: writtenPerChannel } }),
  barrierReached: (rules) => rules.heard({ barrierReached: { id: outstandingBarrier } }),
  resumed: (rules) => rules.heard({ resumed: {} }),
  completed: (rules) => rules.heard({ completed: { pages: pageCount } }),
  abort: (rules) => rules.heard({ abort: { code: 'CANCELLED', reason: 'enough' } }),
  request: (rules) => void rules.faulted({ request: { region: ramRegion, page: pageCount - 1 } }),
  faultsHello: (rules) => void rules.faulted({ migrationId: 'ours' }),
  nothing: (rules) => rules.heard({} as FromDestination),
};

/** A destination's rules with what has arrived on its channels. */
export interface AtDestination {
  rules: RulesAtDestination;
  arrived: number[];
}

const arrive = ({ rules, arrived }: AtDestination, channel: number, message: object): void => {
  const sequence = arrived[channel]! + 1;
  rules.arrived(channel, { sequence, ...message } as BulkMessage);
  arrived[channel] = sequence;
};

const resumeBody = (end: AtDestination, waitsFor = 0): object => ({
  body: 'resume',
  resume: { mode: 'POSTCOPY', after: [end.arrived[0]!, end.arrived[1]! + waitsFor] },
});

const waysAtDestination: Readonly<Record<DestinationPhase, (end: AtDestination) => void>> = {
  greeting: () => undefined,
  memory: ({ rules }) => rules.heard({ hello: sourceHello }),
  'device-state': (end) => {
    waysAtDestination.memory(end);
    arrive(end, 0, { body: 'deviceState' });
    end.rules.stateTaken(false);
  },
  loaded: (end) => {
    waysAtDestination['device-state'](end);
    arrive(end, 0, { body: 'deviceState' });
    end.rules.stateTaken(true);
  },
  resuming: (end) => {
    waysAtDestination.loaded(end);
    arrive(end, 0, resumeBody(end, 1));
  },
  running: (end) => {
    waysAtDestination.loaded(end);
    arrive(end, 0, resumeBody(end));
    end.rules.resumed();
  },
  'all-sent': (end) => {
    waysAtDestination.running(end);
    end.rules.heard({ allPagesSent: { after: [...end.arrived], pages: pageCount } });
    end.rules.allPagesHere(1, 1);
    end.rules.allPagesTaken();
  },
  complete: (end) => {
    waysAtDestination['all-sent'](end);
    end.rules.completed();
  },
};

const expected = { migrationId: 'ours', regions: ramRegions(pageCount), vcpus: 1, deviceStateBytes: 64 };

export const newAtDestination = (): AtDestination => {
  const arrived = [0, 0];
  return { rules: new RulesAtDestination(expected, (channel) => arrived[channel]!), arrived };
};

export const rulesAtDestinationIn = (phase: DestinationPhase): AtDestination => {
  const end = newAtDestination();
  waysAtDestination[phase](end);
  return end;
};

const answerOf = (page: number): BulkMessage => ({
  body: 'pages',
  sequence: 1,
  pages: { region: ramRegion, pages: [], zeroRuns: [page, 1], payload: Buffer.alloc(0) },
});

/** A message from the source, with a value within bounds wherever the message is legal. */
export const sourceSays: Readonly<Record<SourceWord, (end: AtDestination) => void>> = {
  hello: ({ rules }) => rules.heard({ hello: sourceHello }),
  barrier: ({ rules, arrived }) => rules.heard({ barrier: { id: 1, after: [...arrived] } }),
  allPagesSent: ({ rules, arrived }) =>
    rules.heard({ allPagesSent: { after: arrived.map((sequence) => sequence + 1), pages: pageCount } }),
  abort: ({ rules }) => rules.heard({ abort: { code: 'CANCELLED', reason: 'enough' } }),
  pages: (end) => arrive(end, 1, { body: 'pages' }),
  discard: (end) => arrive(end, 0, { body: 'discard' }),
  deviceState: (end) => arrive(end, 0, { body: 'deviceState' }),
  resume: (end) => arrive(end, 0, resumeBody(end)),
  padding: (end) => arrive(end, 0, { body: 'padding' }),
  answer: ({ rules }) => rules.answered(answerOf(3), (region, page) => region === 0 && page === 3),
  otherAnswer: ({ rules }) =>
    rules.answered({ body: 'padding', sequence: 1, padding: Buffer.alloc(1) }, () => true),
  nothing: ({ rules }) => rules.heard({} as FromSource),
};
