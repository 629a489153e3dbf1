import type { LinkTimeouts } from '#proto/link-timeouts';

/** gRPC's options, at both ends, for noticing a connection over which nothing comes back. */
export const keepaliveOf = ({ pingEveryMs, answerMaxMs }: LinkTimeouts) => ({
  'grpc.keepalive_time_ms': pingEveryMs,
  'grpc.keepalive_timeout_ms': answerMaxMs,
  'grpc.keepalive_permit_without_calls': 1,
});
