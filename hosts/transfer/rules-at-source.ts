import { legalAtSource, movesAtSource } from '#proto/migration-phases';
import type { DestinationWord, SourceMove, SourcePhase } from '#proto/migration-phases';
import type {
  DestinationHello,
  FaultMessage,
  FromDestination,
  PageRequest,
  SourceHello,
} from '#proto/migration';
import { BlockSpace } from '../block-space.ts';
import { PageSet } from '../guest/page-set.ts';
import type { Body } from './channel.ts';
import { demandWithin, PhaseMachine, violation } from './phase-machine.ts';
import { addReceived } from './received-bitmap.ts';
import type { ReceivedChunk } from './received-bitmap.ts';
import { destinationWordOf, faultWordOf } from './words.ts';

/** What the destination of a connection that recovers says of itself. */
export interface Remains {
  /** How many pages it has. */
  received: PageSet;
  /** Whether the order to resume has arrived. */
  resumed: boolean;
}

/** The part of a migration's state that outlives its connections. */
export interface SourceHistory {
  /** The order to resume was sent once. */
  isOrdered: boolean;
  /** The destination has said that the guest runs there. */
  isResumed: boolean;
}

/**
 * What a destination may say over one connection, and how much: every message is legal in certain phases, with values
 * that follow from what was agreed and sent. Pure. Every method throws LivemigError PROTOCOL_VIOLATION for anything
 * else.
 */
export class RulesAtSource {
  readonly #machine = new PhaseMachine<DestinationWord, SourcePhase, SourceMove>(
    'destination',
    'greeting',
    legalAtSource,
    movesAtSource,
  );
  readonly #hello: SourceHello;
  readonly #history: SourceHistory;
  /** Last sequence written to a channel. */
  readonly #written: (channel: number) => number;
  readonly #confirmed: number[] = [];
  readonly #barriers = new Set<number>();
  readonly #space: BlockSpace;
  readonly #requested: PageSet;
  /** Blocks that the destination has reported so far, one region after another. */
  #toldBlocks = 0;
  #remains: Remains | null = null;

  constructor(hello: SourceHello, history: SourceHistory, written: (channel: number) => number) {
    this.#hello = hello;
    this.#history = history;
    this.#written = written;
    this.#space = new BlockSpace(hello.regions);
    this.#requested = new PageSet(this.#space.blockCount);
  }

  get phase(): SourcePhase {
    return this.#machine.phase;
  }

  /** Null = the migration's first connection. */
  get remains(): Remains | null {
    return this.#remains;
  }

  /** Whether a barrier was sent and isn't reached. */
  isOutstanding(barrier: number): boolean {
    return this.#barriers.has(barrier);
  }

  /** The destination introduces itself; admission.ts has established that it is the destination. */
  admitted({ recovers, resumed }: DestinationHello): void {
    this.#machine.demand('hello');
    const { isOrdered, isResumed } = this.#history;
    if (resumed && !isOrdered)
      throw violation('expected a guest that was not resumed yet, as no order was sent, got resumed');
    if (!resumed && isResumed)
      throw violation('expected a guest that runs, as the destination said before, got one not resumed');
    if (recovers) this.#remains = { received: new PageSet(this.#space.blockCount), resumed };
    this.#machine.move(recovers ? 'admittedAgain' : 'admitted');
  }

  /** A message of the Control stream. */
  heard(message: FromDestination): void {
    this.#machine.demand(destinationWordOf(message));
    if ('receipt' in message) this.#receipt(message.receipt);
    else if ('barrierReached' in message) this.#barrierReached(message.barrierReached.id);
    else if ('received' in message) this.#received(message.received);
    else if ('ready' in message) this.#ready();
    else if ('resumed' in message) {
      this.#history.isResumed = true;
      this.#machine.move('resumed');
    } else if ('completed' in message) {
      const { blockCount } = this.#space;
      demandWithin('pages completed', message.completed.pages, blockCount, blockCount);
      this.#machine.move('completed');
    }
  }

  #receipt({ channel, sequence }: { channel: number; sequence: number }): void {
    demandWithin('a receipt of channel', channel, 0, this.#hello.channels - 1);
    const last = this.#confirmed[channel] ?? 0;
    const written = this.#written(channel);
    if (!Number.isSafeInteger(sequence) || sequence <= last || sequence > written)
      throw violation(
        `expected a receipt of channel ${channel} above ${last} and up to ${written}, got ${sequence}`,
      );
    this.#confirmed[channel] = sequence;
  }

  #barrierReached(id: number): void {
    if (this.#barriers.delete(id)) return;
    const sent = [...this.#barriers].join(', ');
    throw violation(
      `expected ${sent === '' ? 'no barrier' : `barrier ${sent}`} to be reached, got barrier ${id}`,
    );
  }

  #received(chunk: ReceivedChunk): void {
    const placed = this.#space.named(chunk.region);
    const from = (placed?.base ?? NaN) + chunk.firstPage;
    if (placed === undefined || from !== this.#toldBlocks || chunk.bitmap.length === 0)
      throw violation(
        `expected pages received from ${this.#toldBlocks} of ${this.#space.blockCount} on, ` +
          `got ${chunk.bitmap.length} bytes from ${chunk.firstPage} of region ${chunk.region}`,
      );
    const wrong = addReceived(this.#remains!.received, this.#space, chunk);
    if (wrong !== null) throw violation(`expected pages received of the guest, got ${wrong}`);
    this.#toldBlocks = Math.min(placed.end, from + chunk.bitmap.length * 8);
  }

  #ready(): void {
    const { blockCount } = this.#space;
    if (this.#remains !== null && this.#toldBlocks < blockCount)
      throw violation(`expected to hear of ${blockCount} pages before ready, got ${this.#toldBlocks}`);
    this.#machine.move(this.#remains?.resumed === true ? 'readyRunning' : 'ready');
    if (this.#remains?.resumed === true) this.#history.isResumed = true;
  }

  /**
   * A message of the Faults stream, after the one that introduced it.
   * @returns the global number of the requested block.
   */
  faulted(message: FaultMessage): number {
    this.#machine.demand(faultWordOf(message));
    const { region, page } = (message as { request: PageRequest }).request;
    if (this.phase === 'recover' && this.#remains?.resumed !== true)
      throw violation(`expected no request before the guest runs, got one for page ${page}`);
    const placed = this.#space.named(region);
    if (placed === undefined) throw violation(`expected a request of a known region, got region ${region}`);
    demandWithin('a request for a page', page, 0, placed.region.blockCount - 1);
    const block = placed.base + page;
    if (this.#requested.has(block))
      throw violation(`expected a page to be requested once over a connection, got page ${page} again`);
    this.#requested.add(block);
    return block;
  }

  /** A message was written to a Pages stream. */
  wrote(body: Body): void {
    if (!('resume' in body)) return;
    this.#history.isOrdered = true;
    this.#machine.move('ordered');
  }

  barrierSent(id: number): void {
    this.#barriers.add(id);
  }

  allPagesSent(): void {
    this.#machine.move('allPagesSent');
  }
}
