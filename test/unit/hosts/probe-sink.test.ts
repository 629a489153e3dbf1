import { expect, test } from '@jest/globals';
import { GoodputWindow } from '#hosts/probe-sink';

test('counts only what arrives within the window, at the rate of its arrivals', () => {
  const window = new GoodputWindow(1_000, 100, 200);
  expect(window.add(1_000_000, 1_050)).toBeUndefined();
  expect(window.add(5_000, 1_110)).toBeUndefined();
  expect(window.add(125_000, 1_210)).toBeUndefined();
  expect(window.add(125_000, 1_310)).toEqual({ bytes: 250_000, measuredMs: 200, goodputMbps: 10 });
});

test('what piled up in a stall before the window hardly counts', () => {
  const window = new GoodputWindow(0, 100, 500);
  // 1,000 bytes a millisecond, but for a stall of 20 ms that ends with the ramp.
  for (let atMs = 1; atMs <= 80; atMs += 1) window.add(1_000, atMs);
  window.add(1_000, 100);
  for (let piledUp = 1; piledUp < 20; piledUp += 1) window.add(1_000, 100);
  let result;
  for (let atMs = 101; result === undefined; atMs += 1) result = window.add(1_000, atMs);
  // Between the first and the last arrival it would be 8.3.
  expect(result.goodputMbps).toBeGreaterThan(7.95);
  expect(result.goodputMbps).toBeLessThan(8.1);
});

test('a single late arrival is no measurement', () => {
  const window = new GoodputWindow(0, 10, 10);
  expect(window.add(1_000, 500)).toBeUndefined();
  expect(window.add(1_000, 500)).toBeUndefined();
  expect(window.add(1_000, 501)).toMatchObject({ bytes: 2_000, measuredMs: 1 });
});
