/**
 * The order of the migration protocol (migration.proto) as tables: where a connection stands, which of the peer's words
 * are legal there, and what leads on. Both ends obey these tables, and the tests are generated from them. What is legal
 * nowhere ends the migration with PROTOCOL_VIOLATION. The values' bounds are checked beside them, in hosts/transfer/
 * (rules-at-source.ts, rules-at-destination.ts).
 */

/** A connection as the source sees it. A connection that recovers begins at the beginning. */
export const sourcePhases = [
  /** Nobody has introduced himself. */
  'greeting',
  /** Both have; streams and Ready are awaited. */
  'setup',
  /** The same over a connection that recovers: it also says what it has. */
  'recover',
  /** Pages travel; the guest is the source's. */
  'active',
  /** The order to resume is out: from here on the guest has no way back. */
  'ordered',
  /** The guest runs at the destination. */
  'running',
  /** AllPagesSent is out, too; the guest isn't known to run yet … */
  'ordered-all-sent',
  /** … and is. */
  'all-sent',
  /** The destination has the whole guest. */
  'completed',
] as const;
export type SourcePhase = (typeof sourcePhases)[number];

/** What a destination says, on any of its streams. */
export const destinationWords = [
  'hello',
  'received',
  'ready',
  'receipt',
  'barrierReached',
  'resumed',
  'completed',
  'abort',
  /** A page, on the Faults stream. */
  'request',
  /** A Faults stream introduces itself again. */
  'faultsHello',
  /** A message without content. */
  'nothing',
] as const;
export type DestinationWord = (typeof destinationWords)[number];

const agreedAtSource: readonly SourcePhase[] = [
  'active',
  'ordered',
  'running',
  'ordered-all-sent',
  'all-sent',
];

/** In which phases of a connection the source takes each word. */
export const legalAtSource: Readonly<Record<DestinationWord, readonly SourcePhase[]>> = {
  hello: ['greeting'],
  received: ['recover'],
  ready: ['setup', 'recover'],
  // Coalesced, they may follow the word that everything is there.
  receipt: [...agreedAtSource, 'completed'],
  barrierReached: agreedAtSource,
  resumed: ['ordered', 'ordered-all-sent'],
  completed: ['all-sent'],
  abort: sourcePhases,
  // On a stream of its own it may overtake Ready and Resumed, and be overtaken by Completed.
  request: ['recover', 'ordered', 'running', 'ordered-all-sent', 'all-sent', 'completed'],
  faultsHello: [],
  nothing: [],
};

/** What happens at a source, by its own doing or the peer's, and where it leads; elsewhere it leads nowhere. */
export const movesAtSource = {
  /** A destination is admitted, for the first time … */
  admitted: { greeting: 'setup' },
  /** … or again. */
  admittedAgain: { greeting: 'recover' },
  ready: { setup: 'active', recover: 'active' },
  /** Ready of a destination that has resumed the guest before. */
  readyRunning: { recover: 'running' },
  ordered: { active: 'ordered' },
  resumed: { ordered: 'running', 'ordered-all-sent': 'all-sent' },
  allPagesSent: { ordered: 'ordered-all-sent', running: 'all-sent' },
  completed: { 'all-sent': 'completed' },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<SourcePhase, SourcePhase>>>>>;
export type SourceMove = keyof typeof movesAtSource;

/** A connection as the destination sees it. */
export const destinationPhases = [
  /** The source hasn't introduced itself. */
  'greeting',
  /** Pages travel. */
  'memory',
  /** A part of the device state is here … */
  'device-state',
  /** … and all of it. */
  'loaded',
  /** The order to resume is here, and waits for pages that it names. */
  'resuming',
  /** The guest runs here; over a connection that recovers also from the beginning. */
  'running',
  /** Every page that the source sends by itself is here; requested ones may be on their way. */
  'all-sent',
  /** Every page is here. */
  'complete',
] as const;
export type DestinationPhase = (typeof destinationPhases)[number];

/** What a source says, on any of its streams. */
export const sourceWords = [
  'hello',
  'barrier',
  'allPagesSent',
  'abort',
  'pages',
  'discard',
  'deviceState',
  'resume',
  'padding',
  /** Pages on the Faults stream. */
  'answer',
  /** Anything else on the Faults stream. */
  'otherAnswer',
  /** A message without content, on any stream. */
  'nothing',
] as const;
export type SourceWord = (typeof sourceWords)[number];

/** What a log of messages may name: either end's words, and the request that opens a Pages stream. */
export type MessageName = DestinationWord | SourceWord | 'openChannel';
export const messageNames: readonly MessageName[] = [
  ...new Set<MessageName>([...destinationWords, ...sourceWords, 'openChannel']),
];

/** Those that travel in bulk or in pieces. They are told by spans of time: there may be thousands a second. */
export const messagesInBulk: readonly MessageName[] = [
  'pages',
  'answer',
  'request',
  'receipt',
  'deviceState',
  'discard',
  'padding',
  'received',
];

const agreedAtDestination: readonly DestinationPhase[] = [
  'memory',
  'device-state',
  'loaded',
  'resuming',
  'running',
];

/** In which phases of a connection the destination takes each word. */
export const legalAtDestination: Readonly<Record<SourceWord, readonly DestinationPhase[]>> = {
  hello: ['greeting'],
  barrier: agreedAtDestination,
  // It comes beside the pages and may overtake them; what counts is when the pages that it names are here.
  allPagesSent: agreedAtDestination,
  abort: destinationPhases,
  pages: agreedAtDestination,
  discard: ['memory', 'loaded'],
  deviceState: ['memory', 'device-state'],
  resume: ['loaded'],
  padding: ['memory'],
  answer: ['running', 'all-sent'],
  otherAnswer: [],
  nothing: [],
};

/** Words that come on the first Pages stream alone, as they have an order among each other. */
export const wordsInOrder: readonly SourceWord[] = ['discard', 'deviceState', 'resume', 'padding'];

/** What happens at a destination, and where it leads; elsewhere it leads nowhere. */
export const movesAtDestination = {
  agreed: { greeting: 'memory' },
  /** The guest has run here since an earlier connection. */
  agreedRunning: { greeting: 'running' },
  statePart: { memory: 'device-state' },
  stateWhole: { memory: 'loaded', 'device-state': 'loaded' },
  resume: { loaded: 'resuming' },
  resumed: { resuming: 'running' },
  allPagesHere: { running: 'all-sent' },
  completed: { 'all-sent': 'complete' },
} as const satisfies Readonly<Record<string, Readonly<Partial<Record<DestinationPhase, DestinationPhase>>>>>;
export type DestinationMove = keyof typeof movesAtDestination;

/** The words that a table allows in a phase. */
export const wordsIn = <W extends string, P extends string>(
  legal: Readonly<Record<W, readonly P[]>>,
  phase: P,
): W[] => (Object.keys(legal) as W[]).filter((word) => legal[word].includes(phase));
