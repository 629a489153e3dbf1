import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from '@jest/globals';
import { NEVER } from 'rxjs';
import { connectAgent } from '#harness/control-client';
import { holdLease } from '#harness/testbed/lease';
import { serveControl } from '#hosts/control-server';
import { Lease } from '#hosts/lease';
import { controlContract, controlService } from '#proto/control-service';
import type { ControlRequest, ControlResponse } from '#proto/control-service';
import { noMigration } from '#proto/control';
import type { ControlHandlers } from '#proto/control';
import type { Heartbeat, Leased } from '#proto/lease';

/** Harness and agent of different versions: either side must say so, with both versions and what to do. */

const others = [0, controlContract - 1, controlContract + 1];
const says = (theirs: number): RegExp =>
  new RegExp(
    `expected version ${controlContract} .*speaks ${theirs === 0 ? 'none that has a version' : `version ${theirs}`}: run harness and agents from the same livemig`,
  );

const toClose: (() => void)[] = [];
afterEach(() => {
  for (const close of toClose.splice(0)) close();
});

/** An agent of another version, that answers whatever it is asked. */
const otherAgent = async (contract: number, service: object = {}): Promise<string> => {
  const server = new Server();
  const { call, lease } = controlService;
  server.addService(
    { call, lease, ...service },
    {
      call: (_: ServerUnaryCall<ControlRequest, ControlResponse>, reply: sendUnaryData<ControlResponse>) => {
        reply(null, { contract, method: 'queryMigrate', result: noMigration });
      },
      lease: (stream: ServerDuplexStream<Heartbeat, Leased>) => {
        stream.on('data', () => stream.write({ refusal: '', contract }));
        stream.on('error', () => undefined);
      },
    },
  );
  toClose.push(() => {
    server.forceShutdown();
  });
  return new Promise((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) => {
      resolve(`127.0.0.1:${port}`);
    });
  });
};

describe('a harness', () => {
  test.each(others)('refuses the answers of an agent that speaks %i', async (theirs) => {
    const address = await otherAgent(theirs);
    const agent = connectAgent('source', address);
    toClose.push(() => {
      agent.close();
    });
    await expect(agent.call('queryMigrate', {})).rejects.toMatchObject({
      code: 'VERSION_MISMATCH',
      message: expect.stringMatching(says(theirs)) as unknown,
    });
    await expect(holdLease('source', address)).rejects.toMatchObject({
      code: 'VERSION_MISMATCH',
      message: expect.stringMatching(says(theirs)) as unknown,
    });
  });

  test('takes those of one that speaks the same (negative control)', async () => {
    const agent = connectAgent('source', await otherAgent(controlContract));
    toClose.push(() => {
      agent.close();
    });
    await expect(agent.call('queryMigrate', {})).resolves.toEqual(noMigration);
  });
});

describe('an agent', () => {
  const newLease = (): Lease =>
    new Lease({ silenceMs: 60_000, graceMs: 60_000, isRequired: false, ended: async () => undefined });
  const serve = async (handlers: ControlHandlers, lease = newLease()): Promise<Client> => {
    const server = await serveControl('127.0.0.1:0', handlers, NEVER, undefined, lease);
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure());
    toClose.push(server.close, () => {
      client.close();
    });
    return client;
  };

  test.each(others)('refuses the calls of a harness that speaks %i, before it does anything', async (theirs) => {
    let calls = 0;
    const client = await serve({ cpu: async () => ({ totalS: ++calls, guestS: 0, rssBytes: 0, machineTotalS: 0, machineIdleS: 0 }) });
    const { path, requestSerialize, responseDeserialize } = controlService.call;
    const { promise, resolve, reject } = Promise.withResolvers<ControlResponse>();
    const request = { contract: theirs, method: 'cpu', argument: {} };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      if (response === undefined) reject(error ?? new Error('no answer'));
      else resolve(response);
    });
    expect(await promise).toMatchObject({
      contract: controlContract,
      error: { code: 'VERSION_MISMATCH', message: expect.stringMatching(says(theirs)) as unknown },
    });
    expect(calls).toBe(0);
  }); // prettier-ignore

  test.each(others)('gives no lease to a harness that speaks %i, whatever it says next', async (theirs) => {
    const lease = newLease();
    const client = await serve({}, lease);
    const { path, requestSerialize, responseDeserialize } = controlService.lease;
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    stream.on('error', () => undefined);
    const heard: Leased[] = [];
    const over = new Promise((resolve) => stream.on('end', resolve));
    stream.on('data', (said: Leased) => heard.push(said));
    for (const contract of [theirs, controlContract])
      stream.write({ holder: 'another', id: 'x', release: false, contract });
    await over;
    expect(heard).toEqual([
      { refusal: expect.stringMatching(says(theirs)) as unknown, contract: controlContract },
    ]);
    expect(await lease.take('y', 'one that speaks the same', {})).toBeNull();
  });

  test('holds a harness to it even after taking its lease (negative control)', async () => {
    const lease = newLease();
    const client = await serve({}, lease);
    const { path, requestSerialize, responseDeserialize } = controlService.lease;
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    stream.on('error', () => undefined);
    const { promise, resolve } = Promise.withResolvers<Leased>();
    stream.on('data', resolve);
    stream.write({ holder: 'another', id: 'x', release: false, contract: controlContract });
    expect(await promise).toEqual({ refusal: '', contract: controlContract });
    expect(await lease.take('y', 'one that comes too late', {})).toContain('another does; wait for its end');
  });
});
