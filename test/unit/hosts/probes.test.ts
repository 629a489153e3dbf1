import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { acceptThroughputProbe, requestOf } from '../../../hosts/probe-sink.ts';
import { createProbes } from '../../../hosts/probes.ts';
import type { ArgumentOf, RttProbeResult, ThroughputProbeResult } from '../../../proto/control.ts';

const address = '127.0.0.1';

describe('a probe of the round trip', () => {
  const probes = createProbes();
  const probe = (argument: Omit<ArgumentOf<'probeRtt'>, 'address'>) =>
    probes.handlers.probeRtt({ address, ...argument }, undefined) as Promise<RttProbeResult>;
  let echo: UdpSocket;
  let received = 0;
  let answer: (message: Buffer, number: number) => boolean;
  let port: number;

  beforeEach(async () => {
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

  test('ends once enough are back', async () => {
    answer = () => true;
    const result = await probe({ port, count: 10_000, intervalMs: 2, patienceMs: 60_000, enough: 3 });
    expect(result.samples).toBe(3);
    expect(received).toBeLessThan(10_000);
  });

  test('waits for an answer as long as it is told to, and no longer', async () => {
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

describe('the sink of a throughput probe', () => {
  test('reports also where nothing comes any more: a link that loses much falls silent', async () => {
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
});
