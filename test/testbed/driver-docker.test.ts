import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { connectAgent } from '#harness/control-client';
import { connectEngine } from '#harness/testbed/docker/engine';
import { createDockerDriver, dockerDriver } from '#harness/testbed/docker/index';
import { labels } from '#harness/testbed/docker/labels';
import { parseAgentAddress } from '#proto/agent-address';
import { hostRoles } from '#proto/control';
import { leaseLostExitCode } from '#proto/lease';
import { driverConformance } from '../conformance/driver.ts';
import { eventually } from '../support/eventually.ts';

const support = await dockerDriver.probe();

const isOf = (harnessPid: number, found: Record<string, string> | undefined): boolean =>
  found?.[labels.owner]?.startsWith(`${String(harnessPid)}:`) ?? false;

const tracesOf = async (harnessPid: number): Promise<string[]> => {
  const engine = connectEngine();
  const containers = await engine.listContainers({ all: true });
  const networks = await engine.listNetworks();
  return [
    ...containers.filter(({ Labels }) => isOf(harnessPid, Labels)).flatMap(({ Names }) => Names),
    ...networks.filter(({ Labels }) => isOf(harnessPid, Labels)).map(({ Name }) => Name),
  ];
};

if (!support.supported) test.skip(`driver docker: ${support.reason}`, () => undefined);
else {
  driverConformance({
    driver: dockerDriver,
    failing: createDockerDriver({
      entrypoint: ['node', '-e', 'console.error("out of coffee"); process.exit(1)'],
    }),
    failingAgentSays: 'out of coffee',
    tracesOf,
    exportedBy: {
      module: new URL('../../harness/testbed/docker/index.ts', import.meta.url),
      name: 'dockerDriver',
    },
    renews: false,
    afterKill: 'needs-sweep',
  });

  test('driver docker says why a start failed, however early its agent exited', async () => {
    const failing = createDockerDriver({ entrypoint: ['sh', '-c', 'echo out of tea >&2; exit 1'] });
    await expect(failing.up({ tcpBufferMaxBytes: 32 << 20 })).rejects.toMatchObject({
      code: 'TESTBED_FAILED',
      message: expect.stringContaining('out of tea'),
    });
    expect(await tracesOf(process.pid)).toEqual([]);
  });

  describe('driver docker', () => {
    const netAdmin = 1n << 12n;
    const netRaw = 1n << 13n;

    test('gives its hosts no more rights than they need', async () => {
      await using testbed = await dockerDriver.up({ tcpBufferMaxBytes: 32 << 20 });
      for (const role of hostRoles) {
        const status = (await testbed.exec(role, ['cat', '/proc/1/status'])).stdout;
        const bounding = BigInt(`0x${/^CapBnd:\s*(\w+)/m.exec(status)?.[1] ?? ''}`);
        expect(bounding).toBe(role === 'wan' ? netAdmin | netRaw : netAdmin);
        expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
        expect((await testbed.exec(role, ['touch', '/opt/livemig/file'])).stderr).toContain('Read-only');
        expect((await testbed.exec(role, ['touch', '/run/file', '/tmp/file'])).exitCode).toBe(0);
      }
    });

    test('lets no traffic out of the testbed', async () => {
      await using testbed = await dockerDriver.up({ tcpBufferMaxBytes: 32 << 20 });
      for (const role of hostRoles)
        expect((await testbed.exec(role, ['ip', 'route', 'show', 'default'])).stdout).toBe('');
    });

    test('publishes agents on the loopback only', async () => {
      await using testbed = await dockerDriver.up({ tcpBufferMaxBytes: 32 << 20 });
      const engine = connectEngine();
      const containers = await engine.listContainers({
        filters: { label: [`${labels.testbed}=${testbed.id}`] },
      });
      expect(containers.length).toBe(hostRoles.length);
      for (const { Ports } of containers)
        for (const port of Ports) expect(port).toMatchObject({ IP: '127.0.0.1', PrivatePort: 7000 });
    });

    test('its agents serve no stranger', async () => {
      await using testbed = await dockerDriver.up({ tcpBufferMaxBytes: 32 << 20 });
      const { target, token } = parseAgentAddress(testbed.agents!.source);
      expect(token).toMatch(/^[0-9a-f]{32}$/);
      const stranger = connectAgent('source', target);
      await expect(stranger.call('hello', {}, { timeoutMs: 10_000 })).rejects.toThrow(
        /LIVEMIG_CONTROL_TOKEN/,
      );
      stranger.close();
      // An engine takes its time to write down what a container says.
      await eventually('a word about the refusal in the log', async () =>
        (await testbed.log('source')).includes('refused a call from'),
      );
    });

    test('its containers end by themselves once their harness has been killed', async () => {
      const script = fileURLToPath(new URL('../conformance/hold-testbed.ts', import.meta.url));
      const module = new URL('../../harness/testbed/docker/index.ts', import.meta.url).href;
      // Under a host name of its own: sweeps of the tests beside this one must not take its process id for a dead one of theirs.
      const renamed = 'hostname "$0" && exec "$@"';
      const argv = [
        'sh',
        '-c',
        renamed,
        'livemig-elsewhere',
        process.execPath,
        script,
        module,
        'dockerDriver',
      ];
      const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];
      const harness = spawn('unshare', [...asRoot, '--uts', ...argv], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const engine = connectEngine();
      try {
        await once(harness.stdout, 'data');
        const containers = (await engine.listContainers()).filter(({ Labels }) => isOf(harness.pid!, Labels));
        expect(containers.length).toBe(hostRoles.length);
        const ends = containers.map(
          ({ Id }) => engine.getContainer(Id).wait() as Promise<{ StatusCode: number }>,
        );
        harness.kill('SIGKILL');
        for (const { StatusCode } of await Promise.all(ends)) expect(StatusCode).toBe(leaseLostExitCode);
      } finally {
        harness.kill('SIGKILL');
        await dockerDriver.sweep();
      }
      expect(await tracesOf(harness.pid!)).toEqual([]);
    });

    test('applies every setting that it does not report as refused', async () => {
      await using testbed = await dockerDriver.up({ tcpBufferMaxBytes: 32 << 20 });
      const { refusedSysctls = '' } = await testbed.describe();
      const read = async (name: string) =>
        (await testbed.exec('source', ['cat', `/proc/sys/net/ipv4/${name}`])).stdout.trim();
      for (const [name, value] of [
        ['tcp_slow_start_after_idle', '0'],
        ['tcp_no_metrics_save', '1'],
      ] as const)
        if (!refusedSysctls.includes(name)) expect(await read(name)).toBe(value);
      expect((await testbed.exec('wan', ['cat', '/proc/sys/net/ipv4/ip_forward'])).stdout.trim()).toBe('1');
    });
  });
}
