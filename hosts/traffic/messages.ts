import type { ErrorDocument } from '#proto/errors';
import type { TrafficEnd } from '#proto/traffic';

/** Between an agent and the process of one end of a flow. */
export type ToTraffic = { begin: TrafficEnd } | { end: true };
export type FromTraffic = { ready: true } | { samples: Uint8Array } | { failed: ErrorDocument };
