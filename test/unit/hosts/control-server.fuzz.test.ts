import { afterAll, beforeAll, describe } from '@jest/globals';
import fc from 'fast-check';
import type { Asked } from '#hosts/control-server';
import { answer } from '#hosts/control-server';
import { createHypervisor } from '#hosts/hypervisor';
import type { Hypervisor } from '#hosts/hypervisor';
import { createObserver } from '#hosts/observer/observer';
import type { Role } from '#hosts/role';
import { parseResult } from '#proto/control-results';
import type { ControlMethod } from '#proto/control';
import type { ErrorDocument } from '#proto/errors';
import { absurd, mutatedCall } from '#test/support/control-arguments';
import { fuzz } from '#test/support/fuzz';

/**
 * Calls that take seconds, real sockets or processes of their own when valid are tested in the conformance tests: what they
 * answer depends on the machine.
 */
const costly = [
  'probeRtt',
  'probeThroughput',
  'probeServe',
  'startPings',
  'stopPings',
  'bootGuest',
  'startTraffic',
  'startBurners',
  'startLoad',
];

const request = fc.oneof(
  mutatedCall
    .filter(({ method }) => !costly.includes(method))
    .map(({ method, argument }): Asked => ({ method, argument })),
  // None of these is ever valid.
  fc.tuple(fc.constantFrom(...costly), absurd).map(([method, value]) => ({ method, argument: value })),
  fc.record({ method: fc.string(), argument: fc.jsonValue() }),
  fc.record({
    method: fc.constantFrom('verify', 'ledger', 'queryMigrate'),
    argument: fc.constantFrom<unknown>({}, [], null),
    blob: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
  }),
);

describe('an agent, fuzzed', () => {
  let source: Hypervisor;
  let destination: Hypervisor;
  let observer: Role;

  beforeAll(() => {
    source = createHypervisor('source');
    destination = createHypervisor('destination');
    observer = createObserver();
  });
  afterAll(() => Promise.all([source.close(), destination.close(), observer.close()]));

  fuzz(
    'answers whatever it is asked, names its problems, and stays without a guest',
    request,
    async (asked) => {
      for (const { handlers } of [source, destination, observer]) {
        const { method, result, error } = await answer(handlers, asked);
        if (error === undefined) {
          parseResult(method as ControlMethod, result);
          continue;
        }
        const { code, message, problems } = error as ErrorDocument;
        if (code !== 'ILLEGAL_PHASE' && !(code === 'BAD_INPUT' && problems !== undefined))
          throw new Error(`${code}: ${message}`);
      }
      return source.phase === 'no-guest' && destination.phase === 'no-guest';
    },
  );
});
