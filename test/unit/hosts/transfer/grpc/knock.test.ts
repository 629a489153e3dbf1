import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { knock } from '#hosts/transfer/grpc/knock';

const maxMs = 10_000;

test('succeeds while somebody listens, and is refused afterwards', async () => {
  const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await knock(target, maxMs)).toBe('open');
  server.close();
  await once(server, 'close');
  expect(await knock(target, maxMs)).toBe('refused');
});

test('without a route nobody answers, which is not a refusal', async () => {
  expect(await knock('255.255.255.255:7002', maxMs)).toBe('silent');
});
