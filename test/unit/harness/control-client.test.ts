import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { NEVER } from 'rxjs';
import { connectAgent } from '#harness/control-client';
import { orLate } from '#harness/within';
import { serveControl } from '#hosts/control-server';
import type { ControlHandlers } from '#proto/control';
import { timerMaxMs } from '#proto/units';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'livemig-control-'));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(directory, { recursive: true });
});

const stepMs = 2 * 3_600_000;

test.each([
  ['forward', stepMs],
  ['back', -stepMs],
])('a call outlives a step of the wall clock %s while it waits for its agent', async (_, byMs) => {
  const address = `unix:${join(directory, 'agent.sock')}`;
  const client = connectAgent('source', address);
  const answer = client.call('hello', {});
  // It waits for somebody to listen; then the clock is set, and the agent comes.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const now = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => now() + byMs);
  const hello = { role: 'source', pid: 1, nodeVersion: '', kernel: '' };
  // The agent, too, is told how long it may take: what is left by then.
  const handlers = { hello: () => new Promise((resolve) => setTimeout(resolve, 50, hello)) };
  const server = await serveControl(address, handlers as unknown as ControlHandlers, NEVER);
  try {
    await expect(answer).resolves.toEqual(hello);
  } finally {
    client.close();
    server.close();
  }
});

test('a call without an answer times out', async () => {
  const client = connectAgent('source', `unix:${join(directory, 'nobody.sock')}`);
  await expect(client.call('hello', {}, { timeoutMs: 30 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringContaining('did not answer hello within 30 ms'),
  });
  client.close();
});

test('a call may last longer than a timer can count', async () => {
  const client = connectAgent('source', `unix:${join(directory, 'nobody.sock')}`);
  const answer = client.call('hello', {}, { timeoutMs: timerMaxMs + 1 });
  expect(await orLate(answer, 100)).toBe('late');
  client.close();
});
