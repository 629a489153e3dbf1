import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readAttachment } from '../../../../harness/testbed/attach.ts';

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
  test('reads what docker-compose.yml says, and it is what the file sets up', async () => {
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
