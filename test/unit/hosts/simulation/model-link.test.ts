import { beforeEach, describe, expect, test } from '@jest/globals';
import { ModelLink, wireBytesOf } from '#hosts/simulation/model-link';
import { VirtualClock } from '#hosts/simulation/virtual-clock';

let clock: VirtualClock;
let link: ModelLink;
let startMs: number;
let seen: [string, number][];
beforeEach(() => {
  clock = new VirtualClock();
  // 1000 bytes take 1 ms.
  link = new ModelLink(clock, { rateMbps: 8, delayMs: 10, queueBytes: 2000 });
  startMs = clock.nowMs();
  seen = [];
});

const see = (name: string): void => void seen.push([name, Number((clock.nowMs() - startMs).toFixed(6))]);
const parcel = (name: string, bytes = 1000) => ({
  bytes,
  accepted: () => see(`${name} in`),
  arrived: () => see(name),
});
const pass = (ms: number): Promise<void> =>
  clock.run(new Promise<void>((resolve) => clock.timer(ms, resolve)), ms);
const arrivals = (): [string, number][] => seen.filter(([name]) => !name.endsWith(' in'));

describe('a modelled link', () => {
  test('carries messages one after another, each with the propagation delay', async () => {
    const flow = link.flow();
    for (const name of ['a', 'b']) link.send(flow, parcel(name));
    link.send(link.flow(), parcel('c', 500));
    await pass(50);
    expect(arrivals()).toEqual([
      ['a', 11],
      ['b', 12],
      ['c', 12.5],
    ]);
    expect(link.bytes).toBe(2500);
  });

  test('has a bounded queue: waiting flows take turns', async () => {
    const [one, other] = [link.flow(), link.flow()];
    for (let nth = 1; nth <= 5; nth++) link.send(one, parcel(`a${nth}`));
    for (let nth = 1; nth <= 2; nth++) link.send(other, parcel(`b${nth}`));
    await pass(50);
    expect(arrivals().map(([name]) => name)).toEqual(['a1', 'a2', 'a3', 'a4', 'b1', 'a5', 'b2']);
    // Three stand in the queue at once: less than it takes, and one more.
    expect(seen.filter(([name, atMs]) => name.endsWith(' in') && atMs === 0)).toHaveLength(3);
  });

  test('can drop what waits at the sender; what is in flight arrives', async () => {
    const flow = link.flow();
    for (let nth = 1; nth <= 5; nth++) link.send(flow, parcel(`a${nth}`));
    link.drop(flow);
    await pass(50);
    expect(arrivals().map(([name]) => name)).toEqual(['a1', 'a2', 'a3']);
  });

  test('resends as TCP does what is sent during a cut, doubling the timeout; what is in flight arrives', async () => {
    const flow = link.flow();
    for (const name of ['a', 'b']) link.send(flow, parcel(name));
    clock.timer(11.5, () => {
      link.cut(1000);
    });
    clock.timer(50, () => {
      for (const name of ['c', 'd']) link.send(flow, parcel(name));
    });
    await pass(2000);
    // 200 ms and a round trip, then 440 and 880 ms: the link is whole again at the third attempt.
    expect(arrivals()).toEqual([
      ['a', 11],
      ['b', 12],
      ['c', 50 + 220 + 440 + 880 + 11],
      ['d', 50 + 220 + 440 + 880 + 12],
    ]);
    // What was lost never came past the counters.
    expect(link.bytes).toBe(4000);
  });

  test('changes in use: what is queued leaves at the new rate, what is past the bottleneck arrives as it would have', async () => {
    const flow = link.flow();
    for (const name of ['a', 'b', 'c', 'd']) link.send(flow, parcel(name));
    clock.timer(1.5, () => {
      // Half of the rate, and half of the delay.
      link.shape({ rateMbps: 4, delayMs: 5, queueBytes: 2000 });
    });
    await pass(50);
    expect(arrivals()).toEqual([
      ['a', 11],
      // They would have come after 7.5 and 9.5 ms, and don't overtake the first.
      ['b', 11],
      ['c', 11],
      // Half of b, c, and itself: 5 ms at the new rate.
      ['d', 1.5 + 5 + 5],
    ]);
  });

  test('takes in what waits at the sender as soon as it has become faster', async () => {
    const flow = link.flow();
    for (let nth = 1; nth <= 5; nth++) link.send(flow, parcel(`a${nth}`));
    clock.timer(0.5, () => {
      link.shape({ rateMbps: 800, delayMs: 10, queueBytes: 20_000 });
    });
    await pass(50);
    expect(seen.filter(([name]) => name === 'a4 in' || name === 'a5 in').map(([, atMs]) => atMs)).toEqual([0.5, 0.5]); // prettier-ignore
    expect(arrivals().at(-1)).toEqual(['a5', 0.5 + 0.045 + 10]);
  });

  test('forgets with a flow what a cut swallowed of it', async () => {
    const [flow, other] = [link.flow(), link.flow(1000)];
    link.cut(100);
    link.send(flow, parcel('a'));
    link.send(other, parcel('b'));
    link.drop(flow);
    await pass(2000);
    expect(arrivals()).toEqual([['b', 1011]]);
  });
});

test('charges headers for 1 MiB of pages: 954 Mb/s of payload fit through 1 Gb/s', () => {
  const share = (1 << 20) / wireBytesOf(1 << 20);
  expect(share).toBeGreaterThan(0.95);
  expect(share).toBeLessThan(0.957);
  // A receipt is little more than its segment.
  expect(wireBytesOf(4)).toBe(4 + 5 + 9 + 66);
});

test('jitter delays a message as its latest segment, and keeps the order', async () => {
  const jittery = (jitterMs: number, bytes: number): Promise<number[]> => {
    const its = new VirtualClock();
    const jitter = { jitterMs, jitterDistribution: 'normal', seed: 1 } as const;
    const model = new ModelLink(its, { rateMbps: 100_000, delayMs: 50, queueBytes: 1 << 30, jitter });
    const begunMs = its.nowMs();
    const tookMs: number[] = [];
    const flow = model.flow();
    for (let nth = 0; nth < 400; nth += 1)
      its.timer(nth * 200, () => {
        model.send(flow, {
          bytes,
          accepted: () => undefined,
          arrived: () => tookMs.push(its.nowMs() - begunMs - nth * 200),
        });
      });
    return its.run(new Promise<number[]>((resolve) => its.timer(100_000, () => { resolve(tookMs); })), 200_000); // prettier-ignore
  };
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const small = await jittery(5, 100);
  expect(small).toHaveLength(400);
  expect(mean(small)).toBeCloseTo(50, 0);
  expect(Math.min(...small)).toBeLessThan(42);
  // The latest of a hundred is 2.5 standard deviations late.
  expect(mean(await jittery(5, 100 * 1448))).toBeCloseTo(50 + 12.5, 0);
  expect(new Set((await jittery(0, 100)).map((ms) => ms.toFixed(3))).size).toBe(1);
});
