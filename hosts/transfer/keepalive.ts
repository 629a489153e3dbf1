import type { LinkTimeouts } from '../../proto/link-timeouts.ts';

/** gRPC's options, of both ends, by which a connection over which nothing comes back is found out. */
export const keepaliveOf = ({ pingEveryMs, answerMaxMs }: LinkTimeouts) => ({
  'grpc.keepalive_time_ms': pingEveryMs,
  'grpc.keepalive_timeout_ms': answerMaxMs,
  'grpc.keepalive_permit_without_calls': 1,
});
