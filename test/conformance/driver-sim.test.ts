import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { createSimDriver, simDriver } from '#harness/testbed/sim/driver';
import { childrenOf } from '../support/processes.ts';
import { driverConformance } from './driver.ts';

const tracesOf = async (harnessPid: number): Promise<string[]> => [
  ...childrenOf(harnessPid),
  ...readdirSync(tmpdir()).filter((name) => name.includes(`-sim-${harnessPid}-`)),
];

driverConformance({
  driver: simDriver,
  failing: createSimDriver({
    createAgent: () => {
      throw new Error('out of coffee');
    },
  }),
  failingAgentSays: 'out of coffee',
  tracesOf,
  isInProcess: true,
  noPrograms: 'the hosts of driver sim are models, without a kernel and programs',
  exportedBy: { module: new URL('../../harness/testbed/sim/driver.ts', import.meta.url), name: 'simDriver' },
  renews: false,
  afterKill: 'goes-by-itself',
});

test('control: a process started by a testbed is noticed', async () => {
  const child = spawn('sleep', ['60']);
  try {
    expect(await tracesOf(process.pid)).toEqual([expect.stringContaining(`${child.pid} `)]);
  } finally {
    child.kill('SIGKILL');
  }
});
