import { describe, expect, test } from '@jest/globals';
import { EchoWindow, Pacing } from '#hosts/traffic/pacing';

describe('pacing', () => {
  test('a steady rate, however often it is asked', () => {
    const pacing = new Pacing(4, 100);
    let sent = 0;
    for (let nowMs = 100; nowMs <= 1_100; nowMs += 0.7) {
      const due = pacing.due(nowMs);
      pacing.sent(due);
      sent += due;
    }
    expect(sent).toBeGreaterThanOrEqual(3_996);
    expect(sent).toBeLessThanOrEqual(4_000);
  });

  test('what is due is due when it says', () => {
    const pacing = new Pacing(0.1, 0);
    expect(pacing.due(pacing.dueAtMs(1) - 0.01)).toBe(0);
    expect(pacing.due(pacing.dueAtMs(1))).toBe(1);
  });

  test('one that slept makes up for 10 ms, not for all of it', () => {
    const pacing = new Pacing(4, 0);
    expect(pacing.due(1_000)).toBeLessThanOrEqual(41);
  });

  test('a slow rate is not late between two packets', () => {
    const pacing = new Pacing(0.01, 0);
    expect(pacing.due(100)).toBe(1);
  });
});

describe('a window of echoes', () => {
  test('is full until one comes back', () => {
    const window = new EchoWindow(4, 0);
    expect(window.room(0)).toBe(4);
    window.sent(4, 0);
    expect(window.room(1)).toBe(0);
    window.heard(0, 2);
    expect(window.room(2)).toBe(1);
  });

  test('what a later echo has overtaken is lost', () => {
    const window = new EchoWindow(4, 0);
    window.sent(4, 0);
    window.heard(2, 5);
    expect(window.room(5)).toBe(3);
    // Late, or twice: it was settled.
    window.heard(1, 6);
    expect(window.room(6)).toBe(3);
  });

  test('an echo of what was never sent opens nothing', () => {
    const window = new EchoWindow(4, 0);
    window.sent(4, 0);
    window.heard(9, 5);
    expect(window.room(5)).toBe(0);
  });

  test('a silence of 400 ms opens it again, a shorter one does not', () => {
    const window = new EchoWindow(4, 0);
    window.sent(4, 1_000);
    expect(window.room(1_390)).toBe(0);
    expect(window.room(1_401)).toBe(4);
  });
});
