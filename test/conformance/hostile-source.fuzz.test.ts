import { afterAll, beforeAll, describe } from '@jest/globals';
import fc from 'fast-check';
import type { Body } from '#hosts/transfer/channel';
import type { FromSource } from '#proto/migration';
import { eventually } from '../support/eventually.ts';
import { fuzz } from '../support/fuzz.ts';
import { noPages } from '../support/hostile-source.ts';
import type { HostileSource } from '../support/hostile-source.ts';
import { MetDestination } from '../support/met-destination.ts';

/**
 * Any sequence of messages, from any phase on: a real destination ends, and reports `completed` only for a whole guest.
 */

let destination: MetDestination;
beforeAll(async () => {
  destination = await MetDestination.boot();
});
afterAll(() => destination.destroy());

const pageCount = 2048;
const number = fc.oneof(fc.nat(6), fc.constantFrom(pageCount - 1, pageCount, 8192, 2 ** 32 - 1));
const sequences = fc.array(number, { maxLength: 3 });
const control: fc.Arbitrary<FromSource> = fc.oneof(
  fc.record({ barrier: fc.record({ id: number, after: sequences }) }),
  fc.record({ allPagesSent: fc.record({ after: sequences, pages: fc.constantFrom(0, pageCount) }) }),
  fc.constant({} as FromSource),
);
const runs = fc.oneof(fc.constant<number[]>([0, pageCount]), fc.array(number, { maxLength: 4 }));
const bytes = fc.nat(70_000).map((length) => Buffer.alloc(length));
const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({ region: fc.constantFrom(0, 0, 0, 1), zeroRuns: runs }).map((batch) => ({ pages: { ...noPages, ...batch } })),
  fc.record({ region: fc.constantFrom(0, 0, 0, 1), runs }).map((discard) => ({ discard })),
  fc.record({ state: bytes, digest: fc.constantFrom(Buffer.alloc(0), Buffer.alloc(32)) }).map((deviceState) => ({ deviceState })),
  fc.record({ mode: fc.constantFrom('COMPLETE' as const, 'POSTCOPY' as const), after: sequences }).map((resume) => ({ resume })),
  bytes.map((padding) => ({ padding })),
); // prettier-ignore
type Step = { control: FromSource } | { channel: number; body: Body } | { answer: Body } | { allPages: true };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ control }),
  fc.record({ channel: fc.nat(1), body }),
  fc.record({ answer: body }),
  fc.constant({ allPages: true as const }),
);
const run = fc.record({
  phase: fc.constantFrom('memory', 'loaded', 'running', 'all-sent'),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
});

const take = (source: HostileSource, each: Step): void => {
  if ('control' in each) source.say(each.control);
  else if ('allPages' in each)
    source.say({ allPagesSent: { after: [...source.sequences], pages: pageCount } });
  else if ('answer' in each) source.answer(each.answer);
  else source.send(each.channel, each.body);
};

const isWhole = (): boolean => {
  const { guest } = destination;
  for (let page = 0; page < pageCount; page++) if (!guest.memory.isPresent(page)) return false;
  return guest.isRunning;
};

describe('what a source says, fuzzed', () => {
  fuzz(
    'is refused, or true',
    run,
    async ({ phase, steps }) => {
      const { report, source } = await destination.meet(async (hostile, hasEnded) => {
        await hostile.reach(phase);
        for (const each of steps) take(hostile, each);
        // What was not refused is cancelled, after everything else that was sent.
        hostile.say({ abort: { code: 'CANCELLED', reason: 'enough' } });
        await eventually('the end', hasEnded);
      });
      const wasWhole = isWhole();
      const saidCompleted = source.said('completed');
      await destination.reset();
      if (saidCompleted && !wasWhole) return false;
      if (report.status === 'completed') return wasWhole;
      return ['PROTOCOL_VIOLATION', 'CANCELLED'].includes(report.error?.code ?? '');
    },
    { share: 0.02 },
  );
});
