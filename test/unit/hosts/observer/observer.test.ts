import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createObserver } from '#hosts/observer/observer';
import type { ObserverReport } from '#proto/control';
import { decodePingSamples, pingHost, pingReplyBytes } from '#proto/pings';
import type { PingSamples } from '#proto/pings';

/** Answers as the guest's NIC does, except what `answers` refuses. */
const serveGuest = async (answers: (sequence: number) => boolean) => {
  const socket = createSocket('udp4');
  socket.on('message', (ping, peer) => {
    if (!answers(ping.readUInt32LE(0))) return;
    const reply = Buffer.alloc(pingReplyBytes);
    ping.copy(reply);
    reply.writeUInt8(pingHost.source, 4);
    socket.send(reply, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, close: () => socket.close() };
};

describe('the observer', () => {
  let guest: Awaited<ReturnType<typeof serveGuest>>;
  let observer: ReturnType<typeof createObserver>;
  const start = async (port: number, intervalMs = 1) =>
    observer.handlers.startPings!({ guestAddress: '127.0.0.1', port, intervalMs }, undefined);
  const stop = async (): Promise<ObserverReport & { samples: PingSamples }> => {
    const answer = (await observer.handlers.stopPings!({ settleMs: 250 }, undefined)) as {
      result: ObserverReport;
      blob: Buffer;
    };
    return { ...answer.result, samples: decodePingSamples(answer.blob) };
  };

  beforeEach(async () => {
    guest = await serveGuest((sequence) => sequence % 10 !== 3);
    observer = createObserver();
  });
  afterEach(async () => {
    await observer.close();
    guest.close();
  });

  test('closes at once, even while it waits for the last answer', async () => {
    const silent = await serveGuest(() => false);
    await start(silent.port);
    const stopping = observer.handlers.stopPings!({ settleMs: 600_000 }, undefined);
    await observer.close();
    silent.close();
    expect(await stopping).toMatchObject({ result: { received: 0 } });
  });

  test('pings at the requested rate, without drift, and tells lost pings from answered ones', async () => {
    // Without drift: of the last hundreds of milliseconds some ping was as punctual as ever, however late others were. A
    // machine that others keep busy may spoil one stretch; drift would spoil each.
    const stretch = async () => {
      await start(guest.port);
      await sleep(500);
      const report = await stop();
      const { sentAtMs } = report.samples;
      const latenessMs = [...sentAtMs].map((atMs, sequence) => atMs - sentAtMs[0]! - sequence);
      return { ...report, latenessMs, lastMs: Math.min(...latenessMs.slice(Math.floor(report.sent / 2))) };
    };
    let pinged = await stretch();
    for (let tries = 1; tries < 5 && pinged.lastMs >= 5; tries += 1) pinged = await stretch();
    const { sent, received, full, samples, latenessMs, lastMs } = pinged;
    expect(Math.min(...latenessMs)).toBeGreaterThan(-1);
    expect(lastMs).toBeLessThan(5);
    expect(full).toBe(false);
    expect(received).toBe(samples.host.filter((host) => host === pingHost.source).length);
    for (const [sequence, host] of samples.host.entries()) {
      if (sequence % 10 === 3) expect([host, samples.receivedAtMs[sequence]]).toEqual([pingHost.none, NaN]);
      if (host === pingHost.source)
        expect(samples.receivedAtMs[sequence]).toBeGreaterThan(samples.sentAtMs[sequence]!);
    }
    expect(received).toBeGreaterThan(sent * 0.8);
  });

  test('sends each ping when it is due, at longer intervals too', async () => {
    await start(guest.port, 40);
    await sleep(500);
    const { sent, samples } = await stop();
    const spanMs = samples.sentAtMs.at(-1)! - samples.sentAtMs[0]!;
    expect(Math.abs(sent - 1 - spanMs / 40)).toBeLessThan(1);
    for (const [sequence, atMs] of samples.sentAtMs.entries())
      expect(atMs - samples.sentAtMs[0]!).toBeGreaterThan(sequence * 40 - 1);
  });

  test('waits for outstanding answers, and no longer', async () => {
    const slow = createSocket('udp4');
    slow.on('message', (ping, peer) => {
      const reply = Buffer.alloc(pingReplyBytes);
      ping.copy(reply);
      reply.writeUInt8(pingHost.destination, 4);
      setTimeout(() => slow.send(reply, peer.port, peer.address), 100);
    });
    await new Promise<void>((resolve) => slow.bind(0, '127.0.0.1', resolve));
    await start(slow.address().port);
    await sleep(100);
    const stoppedAt = performance.now();
    const { sent, received } = await stop();
    const waitedMs = performance.now() - stoppedAt;
    slow.close();
    expect(received).toBe(sent);
    expect(waitedMs).toBeGreaterThan(60);
    expect(waitedMs).toBeLessThan(240);
  });

  test('counts pings to nobody as lost and carries on', async () => {
    const { port, close } = await serveGuest(() => true);
    close();
    await start(port);
    await sleep(50);
    const { sent, received } = await stop();
    expect(sent).toBeGreaterThan(10);
    expect(received).toBe(0);
  });

  test('refuses to start twice and to stop what does not run', async () => {
    await expect(stop()).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
    await start(guest.port);
    await expect(start(guest.port)).rejects.toMatchObject({ code: 'ILLEGAL_PHASE' });
  });
});
