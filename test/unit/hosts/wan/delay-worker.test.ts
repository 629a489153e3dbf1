import { expect, test } from '@jest/globals';
import { impairmentSettingsOf } from '#hosts/wan/delay-line';
import { DelayWorker } from '#hosts/wan/delay-worker';
import type { LinkDirection } from '#proto/link';

const direction: LinkDirection = { rateMbps: 100, delayMs: 1, jitterMs: 0, lossPercent: 0, bufferMs: 20 };
const settings = [0, 1].map((seed) => ({ ...impairmentSettingsOf(direction), delayMs: 1, seed }));
const script = new URL('../../../support/failing-worker.ts', import.meta.url);

test('a delaying thread that dies is reported at the next check', async () => {
  const worker = new DelayWorker(script);
  await worker.started();
  await worker.configure(settings);
  worker.assertAlive();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(() => {
    worker.assertAlive();
  }).toThrow(
    expect.objectContaining({
      code: 'LINK_NOT_APPLIED',
      message: expect.stringContaining('lost its socket'),
    }),
  );
  await expect(worker.configure(settings)).rejects.toMatchObject({ code: 'LINK_NOT_APPLIED' });
  await worker.stop();
});

test('one that can’t start is refused', async () => {
  const worker = new DelayWorker(new URL('no-such-worker.ts', import.meta.url));
  await expect(worker.started()).rejects.toMatchObject({ code: 'LINK_NOT_APPLIED' });
  await worker.stop();
});
