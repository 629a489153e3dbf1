import { once } from 'node:events';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { NEVER } from 'rxjs';
import { connectAgent } from '#harness/control-client';
import type { AgentPort } from '#harness/agent-port';
import { answer, serveControl } from '#hosts/control-server';
import type { Answered, Asked } from '#hosts/control-server';
import { createHypervisor } from '#hosts/hypervisor';
import type { Hypervisor } from '#hosts/hypervisor';
import { controlContract, controlRequestMaxBytes, controlService } from '#proto/control-service';

import { noMigration } from '#proto/control';
import type { ErrorDocument } from '#proto/errors';
import { loopbackAddresses, loopbackGuest } from '#test/support/loopback-migration';

const refusalOf = ({ error }: Answered): ErrorDocument | null => (error ?? null) as ErrorDocument | null;

describe('a management plane', () => {
  let host: Hypervisor;

  beforeEach(() => {
    host = createHypervisor('source');
  });
  afterEach(() => host.close());

  const refused = async (request: Asked): Promise<ErrorDocument | null> =>
    refusalOf(await answer(host.handlers, request));

  test.each([
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty',
    'valueOf',
    'startPings',
    '',
    'x'.repeat(9999),
  ])('has no method %.20p', async (method) => {
    const error = await refused({ method, argument: {} });
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    // What it has, and little more: not what was asked for at length.
    expect(error!.message.length).toBeLessThan(Object.keys(host.handlers).join(', ').length + 100);
    expect(error!.message).toContain('queryMigrate');
  });

  const boots = (changes: object) => ({
    guest: { ...loopbackGuest, ...changes },
    address: loopbackAddresses.source,
  });
  const workload = (changes: object) => boots({ workload: { ...loopbackGuest.workload, ...changes } });
  test.each([
    ['probeRtt', {}, /address: expected an IPv4 address, got nothing; port: expected a whole number/],
    [
      'probeRtt',
      { address: '127.0.0.1', port: 0, count: 1e9, intervalMs: 0 },
      /port: .*; count: .*; intervalMs: /,
    ],
    ['bootGuest', boots({ ramBytes: 2 ** 46 }), /guest.ramBytes: expected bytes from 4096 to 17179869184/],
    ['bootGuest', boots({ vcpus: 1e9 }), /guest.vcpus: expected a whole number from 1 to 8, got 1000000000/],
    [
      'bootGuest',
      workload({ name: '__proto__' }),
      /guest.workload.name: expected one of .*hotspot, .*got "__proto__"/,
    ],
    [
      'bootGuest',
      workload({ content: 'constructor' }),
      /guest.workload.content: expected one of .*compressible, /,
    ],
    ['migrateSetParameters', null, /expected an object, got null/],
    ['migrateSetParameters', 5, /expected an object, got 5/],
    ['migrateSetParameters', 'x', /expected an object, got "x"/],
    [
      'migrateSetParameters',
      { maxBandwidthMbps: -5 },
      /maxBandwidthMbps: expected a whole number from 0 .*got -5/,
    ],
    ['startGuest', { soon: true }, /unknown "soon"; known: none/],
    ['migrate', {}, /strategy: expected one of .*hybrid, .*; limits: expected an object, got nothing/],
  ])('%s refuses %j, with every problem of it', async (method, argument, pattern) => {
    const error = await refused({ method, argument });
    expect(error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(pattern) as unknown });
    expect(error!.problems!.length).toBeGreaterThan(0);
  });

  test('refuses a misplaced blob, invalid or too long arguments, and an invalid id', async () => {
    const wrong: Asked[] = [
      { method: 'queryMigrate', argument: {}, blob: Buffer.alloc(8) },
      { method: 'queryMigrate', argument: undefined },
      { method: 'queryMigrate', argument: 'x'.repeat(controlRequestMaxBytes) },
      { method: 'queryMigrate', argument: [[[[[[]]]]]] },
      { method: 'queryMigrate', argument: {}, guestId: 'x'.repeat(65) },
      { method: 'queryMigrate', argument: {}, migrationId: '' },
    ];
    for (const request of wrong) expect(await refused(request)).toMatchObject({ code: 'BAD_INPUT' });
    expect(await refused({ method: 'queryMigrate', argument: {} })).toBeNull();
  });

  test('probes that cannot be sent fail as such, and the agent survives', async () => {
    // A UDP socket may not send to a broadcast address unless it has asked for it.
    const argument = { address: '255.255.255.255', port: 9, count: 100, intervalMs: 1, patienceMs: 1_000 };
    const error = await refused({ method: 'probeRtt', argument });
    expect(error).toMatchObject({
      code: 'LINK_OUT_OF_TOLERANCE',
      message: expect.stringContaining('EACCES') as unknown,
    });
    // Past the next turns of the timer that sent.
    await new Promise((resolve) => setTimeout(resolve, 50));
  });
});

describe('a management port', () => {
  let host: Hypervisor;
  let server: Awaited<ReturnType<typeof serveControl>>;
  let agent: AgentPort;
  let stranger: Client;

  beforeEach(async () => {
    host = createHypervisor('source');
    server = await serveControl('127.0.0.1:0', host.handlers, NEVER);
    agent = connectAgent('source', `127.0.0.1:${server.port}`);
    stranger = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
    });
  });
  afterEach(async () => {
    agent.close();
    stranger.close();
    server.close();
    await host.close();
  });

  const send = (bytes: Buffer): Promise<number> =>
    new Promise((resolve) => {
      const { path, responseDeserialize } = controlService.call;
      stranger.makeUnaryRequest(
        path,
        (raw: Buffer) => raw,
        responseDeserialize,
        bytes,
        (error) => {
          resolve(error?.code ?? 0);
        },
      );
    });

  test.each([
    [
      'more text than the longest request has',
      () =>
        controlService.call.requestSerialize({
          contract: controlContract,
          method: 'probeServe',
          argument: { address: 'x'.repeat(controlRequestMaxBytes) },
        }),
    ],
    ['no message', () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])],
    [
      'half a message',
      () =>
        controlService.call
          .requestSerialize({ contract: controlContract, method: 'probeServe', argument: { address: '::' } })
          .subarray(0, 5),
    ],
  ])('survives %s', async (_, make) => {
    expect(await send(make())).not.toBe(0);
    await expect(agent.call('queryMigrate', {})).resolves.toEqual(noMigration);
  });

  test('survives a caller that leaves during a call', async () => {
    const stream = stranger.makeServerStreamRequest(
      controlService.events.path,
      controlService.events.requestSerialize,
      controlService.events.responseDeserialize,
      {},
    );
    stream.on('error', () => undefined);
    stream.cancel();
    await once(stream, 'end').catch(() => undefined);
    await expect(agent.call('queryMigrate', {})).resolves.toEqual(noMigration);
  });
});
