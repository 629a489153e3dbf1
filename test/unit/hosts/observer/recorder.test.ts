import { describe, expect, test } from '@jest/globals';
import { PingRecorder } from '#hosts/observer/recorder';
import { pingHost } from '#proto/pings';

describe('the ping recorder', () => {
  test('keeps samples over many chunks in order', () => {
    const recorder = new PingRecorder(200_000);
    for (let index = 0; index < 100_000; index++) {
      const sequence = recorder.recordSent(index);
      if (index % 2 === 0) recorder.recordReceived(sequence, pingHost.source, index + 0.5);
    }
    const { sentAtMs, receivedAtMs, host } = recorder.samples();
    expect(sentAtMs).toHaveLength(100_000);
    expect(sentAtMs.every((value, index) => value === index)).toBe(true);
    expect(receivedAtMs[99_998]).toBe(99_998.5);
    expect(receivedAtMs[99_999]).toBeNaN();
    expect(host[99_999]).toBe(pingHost.none);
    expect(recorder.received).toBe(50_000);
  });

  test('counts the first answer only, and none to a ping never sent or from nobody', () => {
    const recorder = new PingRecorder(10);
    const sequence = recorder.recordSent(1);
    recorder.recordReceived(sequence, pingHost.source, 2);
    recorder.recordReceived(sequence, pingHost.destination, 3);
    recorder.recordReceived(7, pingHost.source, 4);
    recorder.recordReceived(recorder.recordSent(5), 9, 6);
    expect(recorder.received).toBe(1);
    expect(recorder.samples().host).toEqual(Uint8Array.of(pingHost.source, pingHost.none));
    expect(recorder.samples().receivedAtMs[0]).toBe(2);
  });

  test('is full at its bound', () => {
    const recorder = new PingRecorder(2);
    recorder.recordSent(1);
    expect(recorder.full).toBe(false);
    recorder.recordSent(2);
    expect(recorder.full).toBe(true);
  });
});
