import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { attachDriver, attachVariable, readAttachment } from '#harness/testbed/attach';
import { holdLeases } from '#harness/testbed/lease';
import { orLate } from '#harness/within';
import { hostRoles } from '#proto/control';

const compose = parse(readFileSync(new URL('../../../../docker-compose.yml', import.meta.url), 'utf8'), {
  merge: true,
}) as {
  services: Record<
    string,
    { environment?: Record<string, string>; networks: Record<string, { ipv4_address?: string } | null> }
  >;
};
const inline = compose.services['migrate']!.environment!['LIVEMIG_ATTACH']!;

describe('readAttachment', () => {
  test('reads what docker-compose.yml passes, which is what that file sets up', async () => {
    const { agents, topology } = await readAttachment(inline);
    const addressOf = (service: string, network: string) =>
      compose.services[service]!.networks[network]!.ipv4_address!;
    for (const role of ['source', 'destination', 'observer'] as const) {
      expect(topology[role].address).toBe(addressOf(role, `${role}-site`));
      expect(topology[role].gateway).toBe(addressOf('wan', `${role}-site`));
      expect(agents[role]).toBe(`${role}:7000`);
    }
    expect(topology.router.towardsSource).toBe(topology.source.gateway);
    expect(topology.router.towardsDestination).toBe(topology.destination.gateway);
    expect(topology.router.towardsObserver).toBe(topology.observer.gateway);
  });

  test('reads files', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'livemig-test-'));
    try {
      const file = join(directory, 'hosts.yaml');
      writeFileSync(file, inline);
      expect(await readAttachment(file)).toEqual(await readAttachment(inline));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('reports every problem at once', async () => {
    const broken = JSON.parse(inline) as { agents: { wan?: string }; topology: { guestAddress: string } };
    delete broken.agents.wan;
    broken.topology.guestAddress = '198.18.0';
    await expect(readAttachment(JSON.stringify(broken))).rejects.toMatchObject({
      code: 'BAD_INPUT',
      problems: [expect.stringContaining('agents.wan'), expect.stringContaining('guestAddress')],
    });
  });

  test.each([undefined, '', '/no/such/file'])('refuses %p', async (value) => {
    await expect(readAttachment(value)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('bringing up', () => {
  test('ends at once when aborted, even while waiting for an agent', async () => {
    const before = process.env[attachVariable];
    const agents = Object.fromEntries(hostRoles.map((role) => [role, 'unix:/no/such/agent.sock']));
    process.env[attachVariable] = JSON.stringify({ ...(JSON.parse(inline) as object), agents });
    try {
      const controller = new AbortController();
      const up = attachDriver.up({ tcpBufferMaxBytes: 1, signal: controller.signal });
      expect(await orLate(up, 50)).toBe('late');
      controller.abort(new Error('enough'));
      await expect(up).rejects.toThrow('enough');
    } finally {
      if (before === undefined) Reflect.deleteProperty(process.env, attachVariable);
      else process.env[attachVariable] = before;
    }
  });

  test('does the same while waiting for a lease', async () => {
    const controller = new AbortController();
    const held = holdLeases({ source: 'unix:/no/such/agent.sock' }, controller.signal);
    expect(await orLate(held, 50)).toBe('late');
    controller.abort(new Error('enough'));
    await expect(held).rejects.toThrow('enough');
  });
});
