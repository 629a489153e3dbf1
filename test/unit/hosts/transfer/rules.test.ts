import { describe, expect, test } from '@jest/globals';
import { RulesAtSource } from '#hosts/transfer/rules-at-source';
import type { BulkMessage, PageBatch } from '#proto/bulk';
import { codeOf, messageOf } from '#proto/errors';
import {
  destinationPhases,
  destinationWords,
  legalAtDestination,
  legalAtSource,
  sourcePhases,
  sourceWords,
  wordsInOrder,
} from '#proto/migration-phases';
import type { DestinationPhase } from '#proto/migration-phases';
import type { FromDestination, FromSource, SourceHello } from '#proto/migration';
import {
  allReceived,
  destinationHello,
  destinationSays,
  newAtDestination,
  outstandingBarrier,
  pageCount,
  ramRegions,
  rulesAtDestinationIn,
  rulesAtSourceIn,
  sourceHello,
  sourceSays,
  writtenPerChannel,
} from '#test/support/rules';

/** What is wrong, by the rules; null = nothing. Anything but a violation of the protocol is a fault of the rules. */
const wrongIn = (say: () => void): string | null => {
  try {
    say();
    return null;
  } catch (error) {
    expect(codeOf(error)).toBe('PROTOCOL_VIOLATION');
    expect(messageOf(error)).toMatch(/expected .*, got |says that it has sent/);
    return messageOf(error);
  }
};

describe('every message in every phase, as the tables say', () => {
  test.each(sourcePhases.flatMap((phase) => destinationWords.map((word) => [phase, word] as const)))(
    'at the source, %s: %s',
    (phase, word) => {
      const rules = rulesAtSourceIn(phase);
      const wrong = wrongIn(() => destinationSays[word](rules));
      if (legalAtSource[word].includes(phase)) expect(wrong).toBeNull();
      else expect(wrong).toMatch(new RegExp(`of the destination in phase ${phase}, got ${word}`));
    },
  );

  test.each(destinationPhases.flatMap((phase) => sourceWords.map((word) => [phase, word] as const)))(
    'at the destination, %s: %s',
    (phase, word) => {
      const end = rulesAtDestinationIn(phase);
      const wrong = wrongIn(() => sourceSays[word](end));
      if (legalAtDestination[word].includes(phase)) expect(wrong).toBeNull();
      else expect(wrong).toMatch(new RegExp(`of the source in phase ${phase}, got ${word}`));
    },
  );

  test('every phase is reached, so no part of the tables goes untested', () => {
    for (const phase of sourcePhases) expect(rulesAtSourceIn(phase).phase).toBe(phase);
    for (const phase of destinationPhases) expect(rulesAtDestinationIn(phase).rules.phase).toBe(phase);
  });
});

describe('at the source, values out of bounds', () => {
  const huge = 2 ** 53;
  const heard = (message: FromDestination) => (rules: RulesAtSource) => rules.heard(message);

  test.each<[string, Parameters<typeof rulesAtSourceIn>[0], (rules: RulesAtSource) => void]>([
    ['a receipt of more than was written', 'active', heard({ receipt: { channel: 0, sequence: writtenPerChannel + 1 } })],
    ['a receipt of 2^53', 'active', heard({ receipt: { channel: 0, sequence: huge } })],
    ['a receipt of nothing', 'active', heard({ receipt: { channel: 0, sequence: 0 } })],
    ['a receipt of a channel that there is not', 'active', heard({ receipt: { channel: 2, sequence: 1 } })],
    ['a barrier that was not sent', 'active', heard({ barrierReached: { id: 2 ** 52 } })],
    ['too few pages completed', 'all-sent', heard({ completed: { pages: pageCount - 1 } })],
    ['too many pages completed', 'all-sent', heard({ completed: { pages: huge } })],
    ['a request behind memory', 'running', (rules) => void rules.faulted({ request: { region: 0, page: pageCount } })],
    ['a request of a region that there is not', 'running', (rules) => void rules.faulted({ request: { region: 1, page: 0 } })],
    ['a bitmap of a region that there is not', 'recover', heard({ received: { region: 1, firstPage: 0, bitmap: Buffer.alloc(8) } })],
    ['half a bitmap', 'recover', (rules) => { rules.heard({ received: { region: 0, firstPage: 0, bitmap: Buffer.alloc(8) } }); rules.heard({ ready: {} }); }],
    ['a bitmap that begins later', 'recover', heard({ received: { region: 0, firstPage: 8, bitmap: Buffer.alloc(8) } })],
    ['a bitmap of nothing', 'recover', heard({ received: { region: 0, firstPage: 0, bitmap: Buffer.alloc(0) } })],
    ['a bitmap that is too long', 'recover', heard({ received: { region: 0, firstPage: 0, bitmap: Buffer.alloc(14) } })],
    ['pages behind the last', 'recover', heard({ received: { region: 0, firstPage: 0, bitmap: Buffer.alloc(13, 0xff) } })],
    ['a guest that was resumed unordered', 'greeting', (rules) => rules.admitted({ ...destinationHello, resumed: true })],
  ])('%s', (_, phase, say) => {
    expect(wrongIn(() => say(rulesAtSourceIn(phase)))).not.toBeNull();
  }); // prettier-ignore

  test('anything that goes backwards or comes twice', () => {
    const rules = rulesAtSourceIn('running');
    rules.heard({ receipt: { channel: 0, sequence: 3 } });
    rules.heard({ barrierReached: { id: outstandingBarrier } });
    rules.faulted({ request: { region: 0, page: 3 } });
    expect(wrongIn(() => rules.heard({ receipt: { channel: 0, sequence: 2 } }))).toMatch(
      /above 3 and up to 5/,
    );
    expect(wrongIn(() => rules.heard({ receipt: { channel: 0, sequence: 3 } }))).toMatch(/got 3$/);
    expect(wrongIn(() => rules.heard({ barrierReached: { id: outstandingBarrier } }))).toMatch(/no barrier/);
    expect(wrongIn(() => void rules.faulted({ request: { region: 0, page: 3 } }))).toMatch(
      /once over a connection/,
    );
    rules.heard({ receipt: { channel: 0, sequence: 4 } });
    rules.faulted({ request: { region: 0, page: 4 } });
  });

  test('a request before the guest runs, over a connection that recovers', () => {
    const rules = new RulesAtSource(sourceHello, { isOrdered: true, isResumed: false }, () => 0);
    rules.admitted({ ...destinationHello, recovers: true, resumed: false });
    expect(wrongIn(() => void rules.faulted({ request: { region: 0, page: 1 } }))).toMatch(
      /before the guest runs/,
    );
    rules.heard({ received: allReceived() });
    rules.heard({ ready: {} });
    expect(rules.phase).toBe('active');
  });

  test('a guest that ran and now claims not to', () => {
    const rules = new RulesAtSource(sourceHello, { isOrdered: true, isResumed: true }, () => 0);
    expect(wrongIn(() => rules.admitted({ ...destinationHello, recovers: true }))).toMatch(/said before/);
  });
});

describe('at the destination, values out of bounds', () => {
  const heardIn = (phase: DestinationPhase, message: FromSource): string | null => {
    const { rules } = rulesAtDestinationIn(phase);
    return wrongIn(() => rules.heard(message));
  };

  test.each<[string, Partial<SourceHello>]>([
    ['another version', { version: 1 }],
    ['another migration', { migrationId: 'theirs' }],
    ['another page size', { regions: ramRegions(pageCount).map((ram) => ({ ...ram, blockSizeBytes: 8192 })) }],
    ['no region', { regions: [] }],
    ['another region', { regions: [...ramRegions(pageCount), { id: 1, name: 'disk', blockSizeBytes: 512, blockCount: 1 }] }],
    ['another guest', { regions: ramRegions(pageCount + 1) }],
    ['other vCPUs', { vcpus: 2 }],
    ['a device state of another length', { deviceStateBytes: 2 ** 40 }],
    ['no channels', { channels: 0 }],
    ['17 channels', { channels: 17 }],
    ['2^32 - 1 channels', { channels: 2 ** 32 - 1 }],
    ['half a channel', { channels: 1.5 }],
    ['an unknown capability', { capabilities: [{ name: 'telepathy', value: '' }] }],
    ['an inherited capability', { capabilities: [{ name: '__proto__', value: '' }] }],
    ['a capability twice', { capabilities: [{ name: 'zstd', value: '1' }, { name: 'zstd', value: '2' }] }],
    ...['-1', '1e9', '0', '1024.5', '1025', '', 'NaN', 'Infinity', ' 8', '08', '0x8', 'auto'].map(
      (value) => [`dedup=${value}`, { capabilities: [{ name: 'dedup', value }] }] as [string, Partial<SourceHello>],
    ),
    ['zstd=20', { capabilities: [{ name: 'zstd', value: '20' }] }],
    ['tls=1', { capabilities: [{ name: 'tls', value: '1' }] }],
    ['prepaging=constructor', { capabilities: [{ name: 'prepaging', value: 'constructor' }] }],
  ])('a hello with %s', (_, change) => {
    const { rules } = newAtDestination();
    expect(wrongIn(() => rules.heard({ hello: { ...sourceHello, ...change } }))).not.toBeNull();
    expect(rules.phase).toBe('greeting');
  }); // prettier-ignore

  test('every existing capability is accepted', () => {
    const { rules } = newAtDestination();
    const capabilities = [
      ['dedup', '1024'], ['zstd', 'auto'], ['xbzrle', '64'], ['prepaging', 'none'], ['tls', ''],
    ].map(([name = '', value = '']) => ({ name, value })); // prettier-ignore
    expect(wrongIn(() => rules.heard({ hello: { ...sourceHello, channels: 16, capabilities } }))).toBeNull();
  });

  test.each<[string, FromSource]>([
    ['a barrier that names too few channels', { barrier: { id: 1, after: [0] } }],
    ['a barrier that names a million', { barrier: { id: 1, after: Array<number>(1e6).fill(0) } }],
    ['a barrier of 2^60', { barrier: { id: 2 ** 60, after: [0, 0] } }],
    ['barrier 0', { barrier: { id: 0, after: [0, 0] } }],
    ['allPagesSent of another guest', { allPagesSent: { after: [0, 0], pages: pageCount - 1 } }],
    ['allPagesSent that names less than has come', { allPagesSent: { after: [0, 0], pages: pageCount } }],
  ])('%s', (_, message) => {
    expect(heardIn('running', message)).not.toBeNull();
  });

  test('barriers ascend, and only a limited number is in flight', () => {
    const { rules } = rulesAtDestinationIn('memory');
    const barrier = (id: number, after: number[]): string | null =>
      wrongIn(() => rules.heard({ barrier: { id, after } }));
    expect(barrier(5, [3, 3])).toBeNull();
    expect(barrier(5, [3, 3])).toMatch(/from 6/);
    expect(barrier(6, [2, 3])).toMatch(/channel 0/);
    for (let id = 6; id < 69; id++) expect(barrier(id, [3, 3])).toBeNull();
    expect(barrier(69, [3, 3])).toMatch(/under way from 1 to 64, got 65/);
    rules.barrierReached();
    expect(barrier(69, [3, 3])).toBeNull();
  });

  test.each([
    ['of an unknown mode', { mode: 7, after: [2, 0] }],
    ['that waits for itself', { mode: 'POSTCOPY', after: [3, 0] }],
    ['that names one channel', { mode: 'POSTCOPY', after: [2] }],
    ['with complete memory, and pages came that it does not name', { mode: 'COMPLETE', after: [2, 0] }],
  ])('an order to resume %s', (_, resume) => {
    const end = rulesAtDestinationIn('loaded');
    sourceSays.pages(end);
    const message = { body: 'resume', sequence: 3, resume } as BulkMessage;
    expect(wrongIn(() => end.rules.arrived(0, message))).not.toBeNull();
  });

  test.each(wordsInOrder)('%s on another channel than the first', (body) => {
    const [phase] = legalAtDestination[body];
    const end = rulesAtDestinationIn(phase!);
    expect(wrongIn(() => end.rules.arrived(1, { body, sequence: 1 } as BulkMessage))).toMatch(
      /first channel/,
    );
  });

  test('after an order to resume with complete memory no page comes', () => {
    const end = rulesAtDestinationIn('loaded');
    const resume = { mode: 'COMPLETE' as const, after: [2, 0] };
    end.rules.arrived(0, { body: 'resume', sequence: 3, resume });
    expect(wrongIn(() => sourceSays.pages(end))).toMatch(/no more than 0 messages on channel 1/);
  });

  test('after allPagesSent nothing comes that it does not name, not even a barrier', () => {
    const end = rulesAtDestinationIn('running');
    end.rules.heard({ allPagesSent: { after: [3, 1], pages: pageCount } });
    expect(wrongIn(() => sourceSays.pages(end))).toBeNull();
    expect(wrongIn(() => sourceSays.pages(end))).toMatch(/no more than 1 messages on channel 1/);
    expect(wrongIn(() => sourceSays.barrier(end))).toMatch(/nothing after allPagesSent/);
    expect(wrongIn(() => sourceSays.allPagesSent(end))).toMatch(/once over a connection/);
  });

  test.each(['memory', 'device-state', 'loaded'] as const)(
    'every page, and no order to resume: %s',
    (phase) => {
      const { rules, arrived } = rulesAtDestinationIn(phase);
      rules.heard({ allPagesSent: { after: arrived, pages: pageCount } });
      expect(wrongIn(() => rules.allPagesHere(0, 0))).toMatch(/order to resume before allPagesSent/);
    },
  );

  test('every page, but an order to resume that waits for more', () => {
    const { rules, arrived } = rulesAtDestinationIn('resuming');
    rules.heard({ allPagesSent: { after: arrived, pages: pageCount } });
    expect(wrongIn(() => rules.allPagesHere(0, 0))).toMatch(/order to resume before allPagesSent/);
  });

  test('an answer with a missing page that nobody requested', () => {
    const { rules, arrived } = rulesAtDestinationIn('running');
    rules.heard({ allPagesSent: { after: arrived, pages: pageCount } });
    expect(wrongIn(() => rules.allPagesHere(2, 1))).toMatch(/2 are missing/);
    expect(wrongIn(() => rules.allPagesHere(1, 1))).toBeNull();
  });

  test.each<[string, number, Partial<PageBatch>]>([
    ['out of its turn', 2, { zeroRuns: [3, 1] }],
    ['of no page', 1, {}],
    ['of two pages', 1, { zeroRuns: [3, 2] }],
    ['of one page in two ways', 1, { pages: [3], zeroRuns: [3, 1] }],
    ['that nobody has requested', 1, { zeroRuns: [4, 1] }],
    ['of another region', 1, { region: 1, zeroRuns: [3, 1] }],
  ])('an answer %s', (_, sequence, batch) => {
    const { rules } = rulesAtDestinationIn('running');
    const pages: PageBatch = { region: 0, pages: [], zeroRuns: [], payload: Buffer.alloc(0), ...batch };
    const answer: BulkMessage = { body: 'pages', sequence, pages };
    expect(
      wrongIn(() => rules.answered(answer, (region, page) => region === 0 && page === 3)),
    ).not.toBeNull();
  });

  test('over another connection the hello is the same, and a running guest is not resumed again', () => {
    const { rules } = rulesAtDestinationIn('running');
    rules.connectionLost();
    expect(wrongIn(() => rules.heard({ hello: { ...sourceHello, channels: 3 } }))).toMatch(/same hello/);
    rules.heard({ hello: sourceHello });
    expect(rules.phase).toBe('running');
    const resume = { mode: 'POSTCOPY' as const, after: [0, 0] };
    expect(wrongIn(() => rules.arrived(0, { body: 'resume', sequence: 1, resume }))).toMatch(/got resume/);
  });

  test('before the guest runs, the order to resume and what belongs to it are sent again', () => {
    const end = rulesAtDestinationIn('resuming');
    end.rules.connectionLost();
    end.arrived.fill(0);
    for (const word of ['hello', 'discard', 'deviceState'] as const) sourceSays[word](end);
    end.rules.stateTaken(true);
    sourceSays.resume(end);
    expect(end.rules.phase).toBe('resuming');
  });
});
