import { realClock } from '#hosts/clock';
import { grpcSourceWire } from '#hosts/transfer/grpc/source-wire';
import { SourceServer } from '#hosts/transfer/source-server';
import type { SourceServerEvents } from '#hosts/transfer/source-server';
import type { Waiters } from '#hosts/transfer/waiters';
import { leastTimeouts } from '#proto/link-timeouts';
import type { SourceHello } from '#proto/migration';

/** The source's end of the protocol without a session behind it, over gRPC. */
export const listenOverGrpc = async (
  at: { address: string; port: number },
  hello: SourceHello,
  waiters: Waiters,
  events: SourceServerEvents,
): Promise<SourceServer> => {
  const wire = grpcSourceWire(at, leastTimeouts);
  const timeouts = leastTimeouts;
  const server = new SourceServer({ wire, clock: realClock, hello, waiters, events, timeouts });
  await server.listen();
  return server;
};
