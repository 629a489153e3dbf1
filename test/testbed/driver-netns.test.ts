import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { cellScript } from '#harness/testbed/netns/cell-script';
import { cellEnvironment, startCell } from '#harness/testbed/netns/cell';
import { createNetnsDriver, netnsDriver } from '#harness/testbed/netns/index';
import { netnsTopology } from '#harness/testbed/netns/layout';
import { hostRoles } from '#proto/control';
import { driverConformance } from '../conformance/driver.ts';
import { asOrdinaryUser, probeAsOrdinaryUser } from '../support/ordinary-user.ts';
import { networkNamespaces, processesWith } from '../support/processes.ts';
import { monotonicMs } from '#proto/units';

const support = await netnsDriver.probe();
const ordinary = probeAsOrdinaryUser();

const tracesOf = async (harnessPid: number): Promise<string[]> => {
  const prefix = `livemig-netns-${harnessPid}-`;
  const files = [tmpdir(), '/tmp']
    .flatMap((parent) => readdirSync(parent))
    .filter((name) => name.startsWith(prefix));
  return [...processesWith(prefix), ...files];
};

if (!support.supported) test.skip(`driver netns: ${support.reason}`, () => undefined);
else {
  driverConformance({
    driver: netnsDriver,
    failing: createNetnsDriver({
      agentPath: fileURLToPath(new URL('../support/failing-agent.ts', import.meta.url)),
    }),
    failingAgentSays: 'out of coffee',
    tracesOf,
    exportedBy: {
      module: new URL('../../harness/testbed/netns/index.ts', import.meta.url),
      name: 'netnsDriver',
    },
    nodePath: process.execPath,
    renews: true,
    afterKill: 'goes-by-itself',
  });

  describe('driver netns', () => {
    test('removes its network namespaces, and with them its links', async () => {
      const testbed = await netnsDriver.up({ tcpBufferMaxBytes: 32 << 20 });
      const own: string[] = [];
      try {
        for (const role of hostRoles)
          own.push((await testbed.exec(role, ['readlink', '/proc/self/ns/net'])).stdout.trim());
        expect(new Set(own).size).toBe(hostRoles.length);
        const alive = networkNamespaces();
        expect(own.filter((namespace) => alive.has(namespace))).toEqual(own);
      } finally {
        await testbed[Symbol.asyncDispose]();
      }
      const left = networkNamespaces();
      expect(own.filter((namespace) => left.has(namespace))).toEqual([]);
    });

    test('hands over links whose carrier the kernel has already announced', async () => {
      const cell = await startCell(cellScript(netnsTopology, { tcpBufferMaxBytes: 32 << 20 }), '', 15_000);
      try {
        const [program, ...args] = cell.enter('wan', ['ip', '-oneline', 'link', 'show', 'type', 'veth']);
        const { stdout } = spawnSync(program, args, { encoding: 'utf8', env: cellEnvironment() });
        const states = stdout.match(/ state \w+/g);
        expect(states).toEqual([' state UP', ' state UP', ' state UP']);
      } finally {
        await cell.end();
      }
    });

    (ordinary.supported ? test : test.skip)(
      `works for an ordinary user and leaves nothing when killed${ordinary.supported ? '' : `: ${ordinary.reason}`}`,
      async () => {
        const hold = fileURLToPath(new URL('../conformance/hold-testbed.ts', import.meta.url));
        const driver = new URL('../../harness/testbed/netns/index.ts', import.meta.url).href;
        const [program, ...args] = asOrdinaryUser([process.execPath, hold, driver, 'netnsDriver']);
        const harness = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
        try {
          const [said] = (await once(harness.stdout, 'data')) as [Buffer];
          expect(said.toString()).toBe('up\n');
          expect((await tracesOf(harness.pid!)).length).toBeGreaterThan(hostRoles.length);
        } finally {
          harness.kill('SIGKILL');
        }
        await once(harness, 'close');
        const deadline = monotonicMs() + 20_000;
        while ((await tracesOf(harness.pid!)).length > 0 && monotonicMs() < deadline) await sleep(50);
        expect(await tracesOf(harness.pid!)).toEqual([]);
      },
    );

    test('says why the network could not be set up', async () => {
      const hasty = createNetnsDriver({ cellTimeoutMs: 1 });
      await expect(hasty.up({ tcpBufferMaxBytes: 32 << 20 })).rejects.toMatchObject({
        code: 'TESTBED_FAILED',
      });
      const refused = netnsDriver.up({ tcpBufferMaxBytes: Number.NaN });
      await expect(refused).rejects.toThrow(/refused 4096 131072 NaN for .*tcp_rmem/);
      expect(processesWith(`livemig-netns-${process.pid}-`)).toEqual([]);
    });
  });
}
