import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer, Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { acceptThroughputProbe, requestOf } from '#hosts/probe-sink';
import { createProbes } from '#hosts/probes';
import { codeOf } from '#proto/errors';
import type { ArgumentOf, RttProbeResult, ThroughputProbeResult } from '#proto/control';

const address = '127.0.0.1';

describe('a probe of the round trip', () => {
  let probes: ReturnType<typeof createProbes>;
  const probe = (argument: Omit<ArgumentOf<'probeRtt'>, 'address'>) =>
    probes.handlers.probeRtt({ address, ...argument }, undefined) as Promise<RttProbeResult>;
  let echo: UdpSocket;
  let received = 0;
  let answer: (message: Buffer, number: number) => boolean;
  let port: number;

  beforeEach(async () => {
    probes = createProbes();
    received = 0;
    echo = createSocket('udp4');
    echo.on('message', (message, sender) => {
      received += 1;
      if (answer(message, received)) echo.send(message, sender.port, sender.address);
    });
    await new Promise<void>((resolve) => echo.bind(0, address, resolve));
    port = echo.address().port;
  });
  afterEach(async () => {
    echo.close();
    await probes.close();
  });

  test('counts what came back and what did not', async () => {
    answer = (_, number) => number % 2 === 1;
    const result = await probe({ port, count: 10, intervalMs: 1, patienceMs: 50 });
    expect(result).toMatchObject({ samples: 5, lost: 5 });
  });

  test('ends with its host', async () => {
    answer = () => false;
    const argument = { address, port, count: 10_000, intervalMs: 1, patienceMs: 60_000 };
    const under = probes.handlers.probeRtt(argument, undefined);
    await Promise.all([expect(under).rejects.toMatchObject({ code: 'CANCELLED' }), probes.close()]);
    const after = probes.handlers.probeRtt(argument, undefined);
    await expect(after).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  test('ends once enough are back', async () => {
    answer = () => true;
    const result = await probe({ port, count: 10_000, intervalMs: 2, patienceMs: 60_000, enough: 3 });
    expect(result.samples).toBe(3);
    expect(received).toBeLessThan(10_000);
  });

  test('waits for an answer as long as told, and no longer', async () => {
    answer = () => false;
    const none = probe({ port, count: 2, intervalMs: 1, patienceMs: 20 });
    await expect(none).rejects.toMatchObject({
      code: 'LINK_OUT_OF_TOLERANCE',
      message: expect.stringContaining('within 20 ms'),
    });
    // An answer that takes longer than a second is one.
    answer = (message) => {
      setTimeout(() => echo.send(message, late.port, late.address), 1_100);
      return false;
    };
    let late!: { port: number; address: string };
    echo.on('message', (_, sender) => (late = sender));
    const slow = await probe({ port, count: 1, intervalMs: 1, patienceMs: 30_000 });
    expect(slow).toMatchObject({ samples: 1, lost: 0 });
    expect(slow.medianMs).toBeGreaterThan(1_000);
  });
});

describe('when its host closes', () => {
  const endless = { address, rampMs: 0, measureMs: 60_000, patienceMs: 120_000 };
  const served = async (probes: ReturnType<typeof createProbes>) =>
    (await probes.handlers.probeServe({ address }, undefined)) as { tcpPort: number };
  const isOpen = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, address, () => resolve(true)).on('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });

  test('a throughput probe ends, and no other begins', async () => {
    const [here, there] = [createProbes(), createProbes()];
    const { tcpPort: port } = await served(there);
    const under = here.handlers.probeThroughput({ ...endless, port }, undefined);
    await Promise.all([expect(under).rejects.toMatchObject({ code: 'CANCELLED' }), here.close()]);
    const after = here.handlers.probeThroughput({ ...endless, port }, undefined);
    await expect(after).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await isOpen(port)).toBe(true);
    await there.close();
    expect(await isOpen(port)).toBe(false);
  });

  test.each([0, 1, 2, 3, 4])(
    'the server for probes does not outlive it, closed after %i turns',
    async (turns) => {
      const listen = jest.spyOn(Server.prototype, 'listen');
      const probes = createProbes();
      const serving = Promise.resolve(probes.handlers.probeServe({ address }, undefined)).then(
        () => null,
        codeOf,
      );
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      await probes.close();
      expect([null, 'CANCELLED']).toContain(await serving);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      expect((listen.mock.contexts as Server[]).filter(({ listening }) => listening)).toEqual([]);
      listen.mockRestore();
      await expect(served(probes)).rejects.toMatchObject({ code: 'CANCELLED' });
    },
  );
});

describe('the sink of a throughput probe', () => {
  test('reports even when nothing more arrives: a very lossy link falls silent', async () => {
    const sink = createServer(acceptThroughputProbe);
    await new Promise<void>((resolve) => sink.listen(0, address, resolve));
    const socket = connect((sink.address() as AddressInfo).port, address);
    try {
      socket.write(Buffer.concat([requestOf(0, 100), Buffer.alloc(1_250)]));
      const report = await new Promise<Buffer>((resolve, reject) => {
        socket.once('data', resolve);
        socket.once('error', reject);
      });
      const { goodputMbps, measuredMs } = JSON.parse(report.toString()) as ThroughputProbeResult;
      expect(measuredMs).toBe(100);
      expect(goodputMbps).toBeCloseTo(0.1, 1);
    } finally {
      socket.destroy();
      await new Promise((resolve) => sink.close(resolve));
    }
  });

  test('a missing sink is a refused connection, and says nothing about the link', async () => {
    const probes = createProbes();
    const closed = await new Promise<number>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port: free } = server.address() as AddressInfo;
        server.close(() => {
          resolve(free);
        });
      });
    });
    const target = { address: '127.0.0.1', port: closed, rampMs: 0, measureMs: 10, patienceMs: 5000 };
    await expect(probes.handlers.probeThroughput(target, undefined)).rejects.toMatchObject({
      code: 'CONNECTION_REFUSED',
    });
    await probes.close();
  });
});
