import { afterAll, beforeAll, describe } from '@jest/globals';
import fc from 'fast-check';
import { answer } from '../../../hosts/control-server.ts';
import { createHypervisor } from '../../../hosts/hypervisor.ts';
import type { Hypervisor } from '../../../hosts/hypervisor.ts';
import { createObserver } from '../../../hosts/observer/observer.ts';
import type { Role } from '../../../hosts/role.ts';
import type { ControlRequest } from '../../../proto/control-service.ts';
import type { ErrorDocument } from '../../../proto/errors.ts';
import { absurd, mutatedCall } from '../../support/control-arguments.ts';
import { fuzz } from '../../support/fuzz.ts';

/** What costs seconds or real sockets when it is right is asked for in conformance tests. */
const costly = ['probeRtt', 'probeThroughput', 'probeServe', 'startPings', 'stopPings', 'bootGuest'];

const request = fc.oneof(
  mutatedCall
    .filter(({ method }) => !costly.includes(method))
    .map(({ method, argument }): ControlRequest => ({ method, json: JSON.stringify(argument) })),
  // Of these nothing is ever right.
  fc
    .tuple(fc.constantFrom(...costly), absurd)
    .map(([method, value]) => ({ method, json: JSON.stringify(value) })),
  fc.record({ method: fc.string(), json: fc.string() }),
  fc.record({
    method: fc.constantFrom('verify', 'ledger', 'queryMigrate'),
    json: fc.constantFrom('{}', '[]', 'null'),
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
        const { error, json } = await answer(handlers, asked);
        if (error === undefined) {
          JSON.parse(json ?? '');
          continue;
        }
        const { code, message, problems } = JSON.parse(error) as ErrorDocument;
        if (code !== 'ILLEGAL_PHASE' && !(code === 'BAD_INPUT' && problems !== undefined))
          throw new Error(`${code}: ${message}`);
      }
      return source.phase === 'no-guest' && destination.phase === 'no-guest';
    },
  );
});
