import type { ArgumentOf, RttProbeResult, ThroughputProbeResult } from '#proto/control';
import { LivemigError } from '#proto/errors';
import type { Probes } from '#hosts/house';
import { probeRecord } from '#hosts/probe-record';
import { GoodputWindow } from '#hosts/probe-sink';
import type { Cancel } from '#hosts/clock';
import { bareSegmentBytes, segmentPayloadBytes, tcpWireBytesOf } from './model-link.ts';
import type { ModelLink } from './model-link.ts';
import type { ModelNetwork, Site } from './model-network.ts';

const ports = { udpPort: 7003, tcpPort: 7004 };
/** Ethernet, IPv4 and UDP headers, and the eight bytes of a probe. */
const datagramBytes = 14 + 20 + 8 + 8;
/** Bulk data is sent in pieces that take the link this long: fine enough for a window of half a second. */
const pieceMs = 0.25;
const pieceMaxBytes = 1 << 20;

const unanswered = (what: string): LivemigError => new LivemigError('LINK_OUT_OF_TOLERANCE', what);

/** Probes of the model link, by the same rules as those of a real one (probes.ts). */
export const modelProbes = (network: ModelNetwork, site: Site): Probes => {
  const { clock } = network;
  const other: Site = site === 'source' ? 'destination' : 'source';
  const under = new Set<() => void>();
  const none = (): void => undefined;

  /** Both directions to a target; a probe to any other address finds nobody. */
  const linksTo = (address: string): { out: ModelLink; back: ModelLink } | null =>
    network.siteAt(address) === other && network.joins(site, other)
      ? { out: network.linkFrom(site), back: network.linkFrom(other) }
      : null;

  /** Resolves once `begin` says so, or when the host closes. */
  const probe = <T>(
    begin: (resolve: (value: T) => void, reject: (error: Error) => void) => () => void,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        under.delete(close);
        stop();
        settle();
      };
      const close = (): void => {
        end(() => { reject(new LivemigError('CANCELLED', 'the host closes, and its probes with it')); }); // prettier-ignore
      };
      under.add(close);
      const stop = begin(
        (value) => {
          end(() => { resolve(value); }); // prettier-ignore
        },
        (error) => {
          end(() => { reject(error); }); // prettier-ignore
        },
      );
    });

  const rtt = ({ address, count, intervalMs, patienceMs, enough = count }: ArgumentOf<'probeRtt'>) =>
    probe<RttProbeResult>((resolve, reject) => {
      const links = linksTo(address);
      const record = probeRecord(count);
      let sent = 0;
      let next: Cancel = none;
      const over = (): void => {
        const result = record.result(sent);
        if (result === null)
          reject(unanswered(`none of ${sent} probes to ${address} came back within ${patienceMs} ms`));
        else resolve(result);
      };
      const send = (): void => {
        if (sent === count) {
          next = clock.timer(patienceMs, over);
          return;
        }
        const nth = sent++;
        next = clock.timer(intervalMs, send);
        const sentAtMs = clock.nowMs();
        links?.out.send(links.out.flow(), {
          bytes: datagramBytes,
          accepted: none,
          arrived: () => {
            links.back.send(links.back.flow(), {
              bytes: datagramBytes,
              accepted: none,
              arrived: () => {
                if (record.answered(nth, clock.nowMs() - sentAtMs) === enough) over();
              },
            });
          },
        });
      };
      send();
      return () => {
        next();
      };
    });

  const throughput = ({ address, rampMs, measureMs, patienceMs }: ArgumentOf<'probeThroughput'>) =>
    probe<ThroughputProbeResult>((resolve, reject) => {
      const links = linksTo(address);
      const late = clock.timer(patienceMs, () => {
        reject(unanswered(`no report from the sink at ${address} within ${patienceMs} ms`));
      });
      if (links === null) return late;
      const { out, back } = links;
      const flow = out.flow();
      let window: GoodputWindow | null = null;
      let isOver = false;
      const segments = Math.floor((out.bytesPerMs * pieceMs) / segmentPayloadBytes);
      const bytes = Math.min(pieceMaxBytes, Math.max(1, segments) * segmentPayloadBytes);
      const send = (): void => {
        if (isOver) return;
        out.send(flow, {
          bytes: tcpWireBytesOf(bytes),
          accepted: () => {
            clock.soon(send);
          },
          arrived: () => {
            if (isOver) return;
            const nowMs = clock.nowMs();
            window ??= new GoodputWindow(nowMs, rampMs, measureMs);
            const result = window.add(bytes, nowMs);
            if (result === undefined) return;
            isOver = true;
            out.drop(flow);
            const report = { bytes: bareSegmentBytes, accepted: none, arrived: () => { resolve(result); } }; // prettier-ignore
            back.send(back.flow(), report);
          },
        });
      };
      send();
      return () => {
        isOver = true;
        out.drop(flow);
        late();
      };
    });

  return {
    handlers: { probeServe: async () => ports, probeRtt: rtt, probeThroughput: throughput },
    close: async () => {
      for (const close of [...under]) close();
    },
  };
};
