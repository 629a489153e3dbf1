import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { lastValueFrom, NEVER, toArray } from 'rxjs';
import { connectAgent } from '#harness/control-client';
import type { AgentPort } from '#harness/agent-port';
import { admitWith } from '#hosts/control-admission';
import { serveControl } from '#hosts/control-server';
import { formatAgentAddress, parseAgentAddress } from '#proto/agent-address';

const token = '0123456789abcdef';
let server: Awaited<ReturnType<typeof serveControl>>;
let calls: number;
let refused: string[];
const clients: AgentPort[] = [];

beforeEach(async () => {
  calls = 0;
  refused = [];
  const cpu = () => {
    calls++;
    return Promise.resolve({ totalS: 0, guestS: 0, rssBytes: 0, machineTotalS: 0, machineIdleS: 0 });
  };
  server = await serveControl(
    '127.0.0.1:0',
    { cpu },
    NEVER,
    admitWith(token, (peer) => refused.push(peer)),
  );
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  server.close();
});

const as = (given: string | null): AgentPort => {
  const client = connectAgent(
    'source',
    formatAgentAddress({ target: `127.0.0.1:${server.port}`, token: given }),
  );
  clients.push(client);
  return client;
};

describe('the management port', () => {
  test('serves whoever brings the token', async () => {
    await as(token).call('cpu', {});
    expect(calls).toBe(1);
  });

  test.each([null, 'fedcba9876543210', token.slice(1), `${token}0`])(
    'refuses whoever brings %p: no method is called, no event is sent, and the token still works',
    async (given) => {
      await expect(as(given).call('cpu', {})).rejects.toMatchObject({
        code: 'AGENT_UNREACHABLE',
        message: expect.stringContaining('LIVEMIG_CONTROL_TOKEN') as unknown,
      });
      expect(await lastValueFrom(as(given).events.pipe(toArray()))).toEqual([]);
      expect(calls).toBe(0);
      expect(refused.length).toBe(2);
      await as(token).call('cpu', {});
    },
  );
});

describe('an address', () => {
  test.each([
    { target: '127.0.0.1:7000', token: null },
    { target: '127.0.0.1:7000', token },
    { target: 'unix:/tmp/a@b/source.sock', token: null },
  ])('is one word: %j', (address) => {
    expect(parseAgentAddress(formatAgentAddress(address))).toEqual(address);
  });
});
