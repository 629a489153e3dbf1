import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Announcer } from '#hosts/announce';
import { announcementAck, announcementOf } from '#proto/announce';

const guest = '10.99.200.1';

describe('the announcer', () => {
  let router: Socket;
  let heard: { text: string; from: RemoteInfo }[];
  let announcer: Announcer;
  /** Waits until this many were heard, but not for ever. */
  const hears = async (count: number): Promise<void> => {
    for (let waitedMs = 0; heard.length < count && waitedMs < 5000; waitedMs += 5) await sleep(5);
    expect(heard.length).toBeGreaterThanOrEqual(count);
  };

  beforeEach(async () => {
    heard = [];
    router = createSocket('udp4');
    router.on('message', (message, from) => heard.push({ text: message.toString(), from }));
    await new Promise<void>((resolve) => router.bind(0, '127.0.0.1', resolve));
    announcer = new Announcer(guest, '127.0.0.1', router.address().port);
    await sleep(50);
  });
  afterEach(() => {
    announcer.close();
    router.close();
  });

  test('says nothing before it is told to', async () => {
    await sleep(50);
    expect(heard).toEqual([]);
  });

  test('announces at once, again until it is acknowledged, and then no more', async () => {
    announcer.announce();
    await hears(3);
    expect(new Set(heard.map(({ text }) => text))).toEqual(new Set([announcementOf(guest)]));
    const { from } = heard[0]!;
    await new Promise((resolve) => router.send(announcementAck, from.port, from.address, resolve));
    await sleep(100);
    const { length } = heard;
    await sleep(100);
    expect(heard).toHaveLength(length);
  });

  test('gets through to a router that refused it at first', async () => {
    const { port } = router.address();
    router.close();
    announcer.announce();
    await sleep(50);
    router = createSocket('udp4');
    router.on('message', (message, from) => heard.push({ text: message.toString(), from }));
    await new Promise<void>((resolve) => router.bind(port, '127.0.0.1', resolve));
    await hears(1);
  });

  test('may be closed unused, or twice', async () => {
    announcer.close();
    announcer.close();
    announcer.announce();
    await sleep(50);
    expect(heard).toEqual([]);
  });
});
