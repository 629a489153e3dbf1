import { isDeepStrictEqual } from 'node:util';
import type { BulkMessage } from '#proto/bulk';
import { disagreementIn } from '#catalogue/capabilities';
import { legalAtDestination, movesAtDestination, wordsInOrder } from '#proto/migration-phases';
import type { DestinationMove, DestinationPhase, SourceWord } from '#proto/migration-phases';
import { barriersOutstandingMax, capabilityNameMax, channelsMax, migrationVersion } from '#proto/migration';
import type { FromSource, RegionShape, SourceHello } from '#proto/migration';
import { BlockSpace } from '../block-space.ts';
import { demandSequences, demandWithin, PhaseMachine, violation } from './phase-machine.ts';
import { answerWordOf, bulkWordOf, sourceWordOf } from './words.ts';

/** What the destination knows of the migration before the source has said anything. */
export interface Expected {
  migrationId: string;
  regions: readonly RegionShape[];
  vcpus: number;
  deviceStateBytes: number;
}

const regionsMax = 16;

/** For messages; it comes from a peer, so it is cut short. */
const regionsText = (regions: readonly RegionShape[]): string =>
  regions
    .slice(0, regionsMax)
    .map(({ id, name, blockSizeBytes, blockCount }) => {
      const size = `${blockCount} blocks of ${blockSizeBytes} bytes`;
      return `region ${id} (${name.slice(0, capabilityNameMax)}), ${size}`;
    })
    .join('; ') || 'no region';

const newMachine = (): PhaseMachine<SourceWord, DestinationPhase, DestinationMove> =>
  new PhaseMachine('source', 'greeting', legalAtDestination, movesAtDestination);

/**
 * What a source may say, and how much: every message is legal in certain phases, with values that follow from what was
 * agreed and sent. Pure. Every method throws LivemigError PROTOCOL_VIOLATION for anything else.
 */
export class RulesAtDestination {
  readonly #expected: Expected;
  readonly #blockCount: number;
  /** Last sequence that has come on a channel. */
  readonly #arrived: (channel: number) => number;
  #machine = newMachine();
  /** The first connection's Hello; every other connection must repeat it. */
  #hello: SourceHello | null = null;
  #isResumed = false;
  #channels = 0;
  /** Sequence numbers after which nothing more may come, by channel. */
  #last: number[] = [];
  #barrier = { id: 0, after: [] as readonly number[], outstanding: 0 };
  #resumeAfter: readonly number[] = [];
  #allPagesAfter: readonly number[] | null = null;
  #answers = 0;

  constructor(expected: Expected, arrived: (channel: number) => number) {
    this.#expected = expected;
    this.#blockCount = new BlockSpace(expected.regions).blockCount;
    this.#arrived = arrived;
  }

  get phase(): DestinationPhase {
    return this.#machine.phase;
  }

  /** The guest has been resumed here, over this connection or an earlier one. */
  get isResumed(): boolean {
    return this.#isResumed;
  }

  /** The connection is lost; the next one starts from the beginning. */
  connectionLost(): void {
    this.#machine = newMachine();
    this.#barrier = { id: 0, after: [], outstanding: 0 };
    this.#allPagesAfter = null;
    this.#answers = 0;
  }

  /** A message of the Control stream. */
  heard(message: FromSource): void {
    this.#machine.demand(sourceWordOf(message));
    if ('hello' in message) this.#agreed(message.hello);
    else if ('barrier' in message) this.#barrierSent(message.barrier);
    else if ('allPagesSent' in message) this.#allPagesSent(message.allPagesSent);
  }

  #agreed(hello: SourceHello): void {
    const { regions, ...values } = this.#expected;
    const exact = { version: migrationVersion, ...values };
    for (const [field, value] of Object.entries(exact)) {
      const got = hello[field as keyof typeof exact];
      if (got !== value) throw violation(`expected a source with ${field} ${value}, got ${got}`);
    }
    if (!isDeepStrictEqual(hello.regions, regions))
      throw violation(`expected a source with ${regionsText(regions)}, got ${regionsText(hello.regions)}`);
    demandWithin('channels', hello.channels, 1, channelsMax);
    const wrong = disagreementIn(hello.capabilities);
    if (wrong !== null) throw violation(wrong);
    if (this.#hello !== null && !isDeepStrictEqual(hello, this.#hello))
      throw violation('expected the same hello as over the first connection, got another one');
    this.#hello = hello;
    this.#channels = hello.channels;
    this.#last = Array<number>(hello.channels).fill(Infinity);
    this.#barrier.after = Array<number>(hello.channels).fill(0);
    this.#machine.move(this.#isResumed ? 'agreedRunning' : 'agreed');
  }

  #barrierSent({ id, after }: { id: number; after: number[] }): void {
    if (this.#allPagesAfter !== null)
      throw violation(`expected nothing after allPagesSent, got barrier ${id}`);
    const before = this.#barrier;
    demandWithin('a barrier', id, before.id + 1, Number.MAX_SAFE_INTEGER);
    demandSequences('a barrier', after, this.#channels);
    for (const [channel, sequence] of after.entries())
      demandWithin(
        `barrier ${id} on channel ${channel}`,
        sequence,
        before.after[channel]!,
        Number.MAX_SAFE_INTEGER,
      );
    demandWithin('barriers under way', before.outstanding + 1, 1, barriersOutstandingMax);
    this.#barrier = { id, after, outstanding: before.outstanding + 1 };
  }

  /** What it names has arrived. */
  barrierReached(): void {
    this.#barrier.outstanding--;
  }

  #allPagesSent({ after, pages }: { after: number[]; pages: number }): void {
    if (this.#allPagesAfter !== null)
      throw violation('expected allPagesSent once over a connection, got it again');
    demandWithin('pages of allPagesSent', pages, this.#blockCount, this.#blockCount);
    demandSequences('allPagesSent', after, this.#channels);
    this.#allPagesAfter = after;
    this.#nothingAfter(after, 'allPagesSent');
  }

  #nothingAfter(after: readonly number[], word: SourceWord): void {
    for (const [channel, sequence] of after.entries()) {
      if (this.#arrived(channel) > sequence)
        throw violation(
          `expected ${word} to name all of channel ${channel}, ${this.#arrived(channel)} messages, got ${sequence}`,
        );
      this.#last[channel] = Math.min(this.#last[channel]!, sequence);
    }
  }

  /** A message of a Pages stream, in order. */
  arrived(channel: number, message: BulkMessage): void {
    const { sequence } = message;
    const word = bulkWordOf(message);
    this.#machine.demand(word);
    if (sequence > this.#last[channel]!)
      throw violation(
        `expected no more than ${this.#last[channel]!} messages on channel ${channel}, got ${word} ${sequence}`,
      );
    if (channel !== 0 && wordsInOrder.includes(word))
      throw violation(`expected ${word} on the first channel, got it on channel ${channel}`);
    if (message.body === 'resume') this.#ordered(sequence, message.resume);
  }

  #ordered(sequence: number, { mode, after }: { mode: 'COMPLETE' | 'POSTCOPY'; after: number[] }): void {
    // An enum's value that has no name stays a number.
    if (!['COMPLETE', 'POSTCOPY'].includes(mode))
      throw violation(`expected a known mode to resume in, got ${mode}`);
    demandSequences('resume', after, this.#channels);
    demandWithin('what resume waits for on its own channel', after[0]!, 0, sequence - 1);
    this.#resumeAfter = after;
    // Complete memory has no more pages to come.
    if (mode === 'COMPLETE') this.#nothingAfter([sequence, ...after.slice(1)], 'resume');
    this.#machine.move('resume');
  }

  /** A piece of the device state was taken. */
  stateTaken(isWhole: boolean): void {
    this.#machine.move(isWhole ? 'stateWhole' : 'statePart');
  }

  /** The guest has been resumed. */
  resumed(): void {
    this.#isResumed = true;
    this.#machine.move('resumed');
  }

  /** A message of the Faults stream. @param isWanted whether a region's page was requested and hasn't arrived. */
  answered(message: BulkMessage, isWanted: (region: number, page: number) => boolean): void {
    if (this.#hello?.faultsInStream === true)
      throw violation(
        'expected requested pages on the bulk stream, as the hello says, got them on the fault stream',
      );
    this.#machine.demand(answerWordOf(message));
    if (message.body !== 'pages') return;
    const next = this.#answers + 1;
    demandWithin('the sequence of an answer', message.sequence, next, next);
    this.#answers = next;
    const { region, pages, zeroRuns, encoded = [] } = message.pages;
    const wholes = pages.length + encoded.reduce((sum, each) => sum + each.pages.length, 0);
    const [first, count = 0] = zeroRuns;
    const page = pages[0] ?? encoded[0]?.pages[0] ?? first;
    if (
      wholes + count !== 1 ||
      zeroRuns.length > 2 ||
      encoded.length > 1 ||
      page === undefined ||
      !isWanted(region, page)
    )
      throw violation(
        `expected one page that was requested, got ${page ?? 'none'} and ${wholes + count - 1} more`,
      );
  }

  /**
   * What allPagesSent names has arrived.
   * @param missing pages that haven't. @param requested how many of them may still come as answers.
   */
  allPagesHere(missing: number, requested: number): void {
    const { phase } = this;
    const isOrdered = phase === 'running' || phase === 'resuming';
    const after = this.#allPagesAfter ?? [];
    const waits =
      phase === 'resuming' && this.#resumeAfter.some((sequence, channel) => sequence > after[channel]!);
    if (!isOrdered || waits)
      throw violation(`expected the order to resume before allPagesSent, got it in ${phase}`);
    if (missing > (this.#hello?.faultsInStream === true ? 0 : requested))
      throw violation(`the source says that it has sent every page, but ${missing} are missing`);
  }

  /** Every page is here, and the guest runs. */
  completed(): void {
    this.#machine.move('completed');
  }

  /** Only answers are still to come. */
  allPagesTaken(): void {
    this.#machine.move('allPagesHere');
  }
}
