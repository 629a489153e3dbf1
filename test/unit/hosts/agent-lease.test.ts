import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { connectAgent } from '#harness/control-client';
import { holdLease } from '#harness/testbed/lease';
import { leaseLostExitCode, leaseVariable } from '#proto/lease';
import { pairGuest } from '#test/support/hypervisor-pair';
import { loopbackAddress } from '#test/support/loopback-migration';

/** A real agent's process, over a Unix socket. */

const agentPath = fileURLToPath(new URL('../../../hosts/agent.ts', import.meta.url));
const leasePath = fileURLToPath(new URL('../../../harness/testbed/lease.ts', import.meta.url));
const bounds = { timeout: 60_000 };
const patienceMs = 30_000;

let directory: string;
let socket: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'livemig-test-'));
  socket = join(directory, 'agent.sock');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

const startAgent = async (env: NodeJS.ProcessEnv = {}) => {
  const child = spawn(process.execPath, [agentPath, 'source', `unix:${socket}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.push(child);
  const agent = { child, said: '', ended: once(child, 'exit') as Promise<[number | null]> };
  child.stderr.setEncoding('utf8').on('data', (text: string) => (agent.said += text));
  while (!existsSync(socket) && child.exitCode === null) await sleep(10);
  return agent;
};

/** A separate process that holds the lease until it is killed. */
const startHolder = async (): Promise<ChildProcess> => {
  const script = `import { holdLease } from ${JSON.stringify(leasePath)};
    await holdLease('source', ${JSON.stringify(`unix:${socket}`)}); console.log('held');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await once(child.stdout, 'data');
  return child;
};

const boot = async (): Promise<void> => {
  const client = connectAgent('source', `unix:${socket}`);
  try {
    await client.call(
      'bootGuest',
      { guest: pairGuest, address: loopbackAddress(43) },
      { timeoutMs: patienceMs },
    );
    await client.call('startGuest', {});
  } finally {
    client.close();
  }
};

test(
  'an agent that belongs to a harness ends, with its guest, when that is killed',
  async () => {
    const agent = await startAgent({ [leaseVariable]: '2000' });
    const holder = await startHolder();
    await boot();
    holder.kill('SIGKILL');
    expect((await agent.ended)[0]).toBe(leaseLostExitCode);
    expect(agent.said).toMatch(/livemig, process \d+ on .* is gone: .*; this host ends/);
  },
  bounds.timeout,
);

test(
  'it ends if no harness ever came, and stays while one is there: a negative control',
  async () => {
    const agent = await startAgent({ [leaseVariable]: '500' });
    expect((await agent.ended)[0]).toBe(leaseLostExitCode);
    rmSync(socket, { force: true });
    const other = await startAgent({ [leaseVariable]: '20000' });
    const lease = await holdLease('source', `unix:${socket}`);
    await boot();
    expect(other.child.exitCode).toBeNull();
    await lease.release();
    expect((await other.ended)[0]).toBe(leaseLostExitCode);
  },
  bounds.timeout,
);

test(
  "an agent that is nobody's drops the guest of a harness that was killed, and serves the next one",
  async () => {
    const agent = await startAgent();
    const holder = await startHolder();
    await boot();
    await expect(holdLease('source', `unix:${socket}`)).rejects.toMatchObject({
      code: 'TESTBED_FAILED',
      message: expect.stringContaining('wait for its end') as unknown,
    });
    holder.kill('SIGKILL');
    // Waits for the grace to pass.
    const lease = await holdLease('source', `unix:${socket}`);
    await boot();
    await lease.release();
    const next = await holdLease('source', `unix:${socket}`);
    await boot();
    await next.release();
    expect(agent.child.exitCode).toBeNull();
    expect(agent.said).toContain('what it left here goes');
  },
  bounds.timeout,
);

test('an agent refuses a lease of zero duration', async () => {
  const agent = await startAgent({ [leaseVariable]: 'soon' });
  expect((await agent.ended)[0]).toBe(2);
  expect(agent.said).toContain('expected from 1 to 86400000 ms, got "soon"');
});
