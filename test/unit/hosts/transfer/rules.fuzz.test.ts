import { describe } from '@jest/globals';
import fc from 'fast-check';
import type { RulesAtSource } from '#hosts/transfer/rules-at-source';
import { codeOf } from '#proto/errors';
import { sourcePhases } from '#proto/migration-phases';
import type { SourcePhase } from '#proto/migration-phases';
import type { FaultMessage, FromDestination } from '#proto/migration';
import { fuzz } from '#test/support/fuzz';
import { outstandingBarrier, pageCount, rulesAtSourceIn, writtenPerChannel } from '#test/support/rules';

/** Sequences of messages, checked for what must be true of each accepted one, whatever the tables say. */

const number = fc.oneof(fc.nat(8), fc.constantFrom(pageCount - 1, pageCount, 2 ** 52, 2 ** 53, -1, 0.5, NaN));
const word: fc.Arbitrary<FromDestination> = fc.oneof(
  fc.constantFrom<FromDestination>({ ready: {} }, { resumed: {} }, {} as FromDestination),
  fc.record({ receipt: fc.record({ channel: number, sequence: number }) }),
  fc.record({ barrierReached: fc.record({ id: number }) }),
  fc.record({ completed: fc.record({ pages: number }) }),
  fc.record({
    received: fc.record({ region: fc.constantFrom(0, 0, 1), firstPage: number, bitmap: fc.uint8Array({ maxLength: 14 }).map((b) => Buffer.from(b)) }),
  }),
); // prettier-ignore
const fault: fc.Arbitrary<FaultMessage> = fc.oneof(
  fc.record({ request: fc.record({ region: fc.constantFrom(0, 0, 1), page: number }) }),
  fc.constantFrom<FaultMessage>({ migrationId: 'ours' }, {} as FaultMessage),
);
type Step = { heard: FromDestination } | { faulted: FaultMessage } | { own: 'order' | 'allPagesSent' };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ heard: word }),
  fc.record({ faulted: fault }),
  fc.record({ own: fc.constantFrom('order' as const, 'allPagesSent' as const) }),
);

const isOneOf = (phase: SourcePhase, ...phases: SourcePhase[]): boolean => phases.includes(phase);

/** What an observer knows about the connection. */
class Bystander {
  isOrdered: boolean;
  isResumed: boolean;
  isAllSent: boolean;
  isCompleted: boolean;
  readonly #confirmed = [0, 0];
  readonly #requested = new Set<number>();
  #isOutstanding = true;

  constructor(phase: SourcePhase) {
    this.isOrdered = !isOneOf(phase, 'greeting', 'setup', 'active');
    this.isResumed = this.isOrdered && !isOneOf(phase, 'ordered', 'ordered-all-sent');
    this.isAllSent = isOneOf(phase, 'ordered-all-sent', 'all-sent', 'completed');
    this.isCompleted = phase === 'completed';
  }

  /** Whether an accepted message was allowed. */
  mayTake(message: FromDestination): boolean {
    if ('receipt' in message) {
      const { channel, sequence } = message.receipt;
      const isNext = sequence > this.#confirmed[channel]! && sequence <= writtenPerChannel;
      this.#confirmed[channel] = sequence;
      return isNext;
    }
    if ('barrierReached' in message) {
      const isDue = this.#isOutstanding && message.barrierReached.id === outstandingBarrier;
      this.#isOutstanding = false;
      return isDue;
    }
    if ('resumed' in message) {
      const isDue = this.isOrdered && !this.isResumed;
      this.isResumed = true;
      return isDue;
    }
    if ('completed' in message) {
      const isDue = this.isResumed && this.isAllSent && !this.isCompleted;
      this.isCompleted = true;
      return isDue && message.completed.pages === pageCount;
    }
    return 'ready' in message || 'received' in message;
  }

  mayAsk(message: FaultMessage): boolean {
    const { region, page } = 'request' in message ? message.request : { region: 0, page: NaN };
    const isDue =
      this.isOrdered && region === 0 && page >= 0 && page < pageCount && !this.#requested.has(page);
    this.#requested.add(page);
    return isDue;
  }
}

/** @returns whether it was accepted. */
const isTaken = (take: () => void): boolean => {
  try {
    take();
    return true;
  } catch (error) {
    if (codeOf(error) !== 'PROTOCOL_VIOLATION') throw error;
    return false;
  }
};

const act = (rules: RulesAtSource, bystander: Bystander, own: 'order' | 'allPagesSent'): void => {
  if (own === 'order') {
    rules.wrote({ resume: { mode: 'POSTCOPY', after: [0, 0] } });
    bystander.isOrdered = true;
  } else if (bystander.isOrdered && rules.phase !== 'recover') {
    rules.allPagesSent();
    bystander.isAllSent = true;
  }
};

describe('what a destination says, fuzzed', () => {
  const run = fc.record({
    phase: fc.constantFrom(...sourcePhases),
    steps: fc.array(step, { maxLength: 20 }),
  });

  fuzz('is taken only where it may be true', run, ({ phase, steps }) => {
    const rules = rulesAtSourceIn(phase);
    const bystander = new Bystander(phase);
    for (const each of steps) {
      if ('own' in each) {
        // The source obeys its own order (legal-order.ts): once each, over a connection that is up.
        if (!isOneOf(rules.phase, 'greeting', 'setup', 'recover', 'completed'))
          act(rules, bystander, each.own);
        continue;
      }
      const isWrong =
        'heard' in each
          ? isTaken(() => rules.heard(each.heard)) && !bystander.mayTake(each.heard)
          : isTaken(() => void rules.faulted(each.faulted)) && !bystander.mayAsk(each.faulted);
      if (isWrong) return false;
      if (rules.phase === 'completed' && !bystander.isCompleted) return false;
    }
    return true;
  });
});
