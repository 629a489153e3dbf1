import { maxPings, pingHost, pingWireBytes } from '#proto/pings';
import { every } from '#hosts/clock';
import type { Pinger } from '#hosts/observer/pinger';
import { PingRecorder } from '#hosts/observer/recorder';
import type { ModelNetwork } from './model-network.ts';

const settlePollMs = 0.5;

/** Pings a guest in a modelled network at a steady rate. */
export const startModelPinger =
  (network: ModelNetwork) =>
  async (address: string, _port: number, intervalMs: number): Promise<Pinger> => {
    const { clock } = network;
    const recorder = new PingRecorder(maxPings);
    const ping = (): void => {
      if (recorder.full) return;
      const sequence = recorder.recordSent(clock.nowMs());
      network.ping(address, pingWireBytes, (by) => {
        recorder.recordReceived(sequence, pingHost[by], clock.nowMs());
      });
    };
    ping();
    const end = every(clock, intervalMs, ping);
    return {
      recorder,
      stop: async (settleMs) => {
        end();
        const untilMs = clock.nowMs() + settleMs;
        while (!recorder.isNewestAnswered && clock.nowMs() < untilMs)
          await new Promise<void>((resolve) => {
            clock.timer(settlePollMs, resolve);
          });
      },
    };
  };
