import type { HostRole } from '#proto/control';
import type { LinkTimeouts } from '#proto/link-timeouts';
import type { LinkDirection, LinkProfile } from '#proto/link';
import { bandwidthDelayProductBytes } from '#proto/units';
import { Frames } from './frames.ts';
import { MemoryWire } from './memory-wire.ts';
import { ModelLink } from './model-link.ts';
import type { LinkModel } from './model-link.ts';
import { SegmentPool } from './model-guest.ts';
import type { VirtualClock } from './virtual-clock.ts';

export type Site = 'source' | 'destination';

/** A direct link between hosts on one machine, until somebody shapes it. */
const unshaped: LinkModel = { rateMbps: 100_000, delayMs: 0, queueBytes: 64 << 20 };
const frames = new Frames();

const modelOf = (direction: LinkDirection, correctionMs: number, seed: number): LinkModel => {
  const { rateMbps, delayMs, bufferMs } = direction;
  return {
    rateMbps,
    delayMs: Math.max(0, delayMs - correctionMs),
    queueBytes: bandwidthDelayProductBytes(rateMbps, bufferMs),
    jitter: { ...direction, seed },
  };
};

interface WireOptions {
  migrationId: string;
  /** Where the source serves it. */
  address: string;
  port: number;
  timeouts: LinkTimeouts;
  isEncrypted: boolean;
}

/** Two sites, the router between them, and an observer next to the router. */
export class ModelNetwork {
  readonly clock: VirtualClock;
  readonly addresses: Readonly<Record<Exclude<HostRole, 'wan'>, string>>;
  readonly sourceToDestination: ModelLink;
  readonly destinationToSource: ModelLink;
  readonly segments: SegmentPool;
  readonly #wires = new Map<string, MemoryWire>();
  readonly #runsGuest: Record<Site, () => boolean> = { source: () => false, destination: () => false };
  /** The destinations that each host has routes to. */
  readonly #reach = new Map<HostRole, readonly string[]>();
  #cuts = 0;
  #delaysMs = { sourceToDestination: 0, destinationToSource: 0 };
  #guest: { address: string; at: Site; movedAtMs: number | null } | null = null;

  constructor(clock: VirtualClock, addresses: ModelNetwork['addresses'], segments = new SegmentPool()) {
    this.clock = clock;
    this.addresses = addresses;
    this.segments = segments;
    this.sourceToDestination = new ModelLink(clock, unshaped);
    this.destinationToSource = new ModelLink(clock, unshaped);
  }

  /** Replaces a host's routes. */
  configure(host: HostRole, reach: readonly string[]): void {
    this.#reach.set(host, reach);
  }

  /** Whether one host reaches another one's address, and the answer comes back. */
  joins(from: Exclude<HostRole, 'wan'>, to: Exclude<HostRole, 'wan'>, address = this.addresses[to]): boolean {
    const hasRoute = (host: HostRole, target: string): boolean =>
      this.#reach.get(host)?.includes(target) ?? false;
    return hasRoute(from, address) && hasRoute(to, this.addresses[from]);
  }

  /** The direction in which a site sends. */
  linkFrom(site: Site): ModelLink {
    return site === 'source' ? this.sourceToDestination : this.destinationToSource;
  }

  siteAt(address: string): Site | null {
    return (['source', 'destination'] as const).find((site) => this.addresses[site] === address) ?? null;
  }

  /** @param seed of the jitter */
  shape({ sourceToDestination, destinationToSource }: LinkProfile, correctionMs: number, seed: number): void {
    const [out, back] = [sourceToDestination, destinationToSource].map((way, nth) =>
      modelOf(way, correctionMs, 2 * seed + nth),
    );
    if (out === undefined || back === undefined) return;
    this.sourceToDestination.shape(out);
    this.destinationToSource.shape(back);
    this.#delaysMs = { sourceToDestination: out.delayMs, destinationToSource: back.delayMs };
  }

  /** Nothing passes between the sites for this time, or until the signal fires; resolves when the link works again. */
  async cut(durationMs: number, signal: AbortSignal): Promise<void> {
    this.#cuts++;
    this.sourceToDestination.cut(durationMs);
    this.destinationToSource.cut(durationMs);
    await new Promise<void>((resolve) => {
      const cancel = this.clock.timer(durationMs, resolve);
      signal.addEventListener('abort', () => { cancel(); resolve(); }, { once: true }); // prettier-ignore
    });
    this.sourceToDestination.restore();
    this.destinationToSource.restore();
    this.#cuts--;
  }

  /** The wire of a migration, for both of its ends. */
  wire({ migrationId, address, port, timeouts, isEncrypted }: WireOptions): MemoryWire {
    const key = `${migrationId} ${address}:${port}`;
    const known = this.#wires.get(key);
    if (known !== undefined) return known;
    const wire = new MemoryWire({
      clock: this.clock,
      upward: this.destinationToSource,
      downward: this.sourceToDestination,
      timeouts,
      // One of TCP, another one of TLS.
      handshakeRoundTrips: isEncrypted ? 2 : 1,
      frames,
    });
    this.#wires.set(key, wire);
    return wire;
  }

  /** Whether a site's guest runs, and so answers pings. */
  houses(site: Site, runsGuest: () => boolean): void {
    this.#runsGuest[site] = runsGuest;
  }

  routeGuest(address: string, at: Site): void {
    this.#guest = { address, at, movedAtMs: null };
  }

  /** The router hears at once: only the way from the destination to it lies in between. */
  announced(address: string, by: Site): void {
    const guest = this.#guest;
    if (guest?.address !== address || by !== 'destination' || guest.movedAtMs !== null) return;
    this.#guest = { address, at: by, movedAtMs: this.clock.nowMs() };
  }

  get guestMovedAtMs(): number | null {
    return this.#guest?.movedAtMs ?? null;
  }

  /**
   * A datagram from the observer, which is at the source's site, to the guest by the current route, and the answer: a
   * guest at the destination is behind the link both ways, queued with everything else.
   * @param answered by which site; not called if no guest runs there when it arrives.
   */
  ping(address: string, bytes: number, answered: (by: Site) => void): void {
    const guest = this.#guest;
    if (guest?.address !== address) return;
    const { at } = guest;
    const isThere = (): boolean => this.#runsGuest[at]() && this.joins('observer', at, address);
    if (at === 'source') {
      if (isThere()) answered(at);
      return;
    }
    this.#cross('sourceToDestination', bytes, () => {
      if (isThere()) this.#cross('destinationToSource', bytes, () => { answered(at); }); // prettier-ignore
    });
  }

  /** A cut affects only traffic between the sites' hosts: the observer is none of them. */
  #cross(way: 'sourceToDestination' | 'destinationToSource', bytes: number, arrived: () => void): void {
    const link = this[way];
    if (this.#cuts > 0) this.clock.timer(this.#delaysMs[way], arrived);
    else link.send(link.flow(), { bytes, accepted: () => undefined, arrived });
  }
}
