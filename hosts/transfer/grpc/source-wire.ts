import { Metadata, Server } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import type { OutgoingBulkMessage } from '#proto/bulk';
import { LivemigError } from '#proto/errors';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { migrationService } from '#proto/migration';
import type { FaultMessage, FromDestination, FromSource, OpenChannel } from '#proto/migration';
import type { TlsCredentials } from '#proto/tls';
import { readableFrom } from '../unreadable.ts';
import type { MessageStream, SourceVisits, SourceWire, StreamEvents } from '../wire.ts';
import { brokenOff } from './broken-off.ts';
import { keepaliveOf } from './keepalive.ts';
import { serverCredentials } from './tls.ts';

/** Everything that a destination sends is small. */
const messageMaxBytes = 64 << 10;
const streamsPerConnectionMax = 8;

const readable = readableFrom('destination');
const { control: controlMethod, pages: pagesMethod, faults: faultsMethod } = migrationService;
/** The same service with messages that never fail to decode: unreadable ones are marked as such. */
const readableService = {
  control: { ...controlMethod, requestDeserialize: readable(controlMethod.requestDeserialize) },
  pages: { ...pagesMethod, requestDeserialize: readable(pagesMethod.requestDeserialize) },
  faults: { ...faultsMethod, requestDeserialize: readable(faultsMethod.requestDeserialize) },
};

type ServerStream<In, Out> = ServerDuplexStream<In, Out> | ServerWritableStream<unknown, Out>;

/** @param name of the stream, for messages. */
const messageStream = <In extends object, Out>(
  name: string,
  stream: ServerStream<In, Out>,
): MessageStream<In, Out> => {
  let events: StreamEvents<In> | null = null;
  const lose = (cause: unknown): void => {
    events?.lost(brokenOff(name, cause));
  };
  // Even for a stream that nobody listens to.
  stream.on('error', lose);
  stream.on('cancelled', lose);
  return {
    listen: (told) => {
      const isFirst = events === null;
      events = told;
      if (!isFirst) return;
      stream.on('end', () => events?.ended());
      stream.on('data', (message: In) => events?.data(message));
    },
    write: (message, written) => {
      if (written === undefined) stream.write(message);
      else stream.write(message, written);
    },
    end: () => {
      stream.end();
    },
    destroy: () => {
      stream.destroy();
    },
  };
};

/** The source's end over gRPC: its server. */
export const grpcSourceWire = (
  at: { address: string; port: number },
  timeouts: LinkTimeouts,
  tls?: TlsCredentials,
): SourceWire => {
  const target = `${at.address}:${at.port}`;
  const server = new Server({
    'grpc.max_send_message_length': -1,
    'grpc.max_receive_message_length': messageMaxBytes,
    'grpc.max_concurrent_streams': streamsPerConnectionMax,
    // Each connection of a destination carries a stream; one without a stream for this long belongs to a stranger.
    'grpc.max_connection_idle_ms': timeouts.idleMs,
    ...keepaliveOf(timeouts),
  });
  return {
    open: (visits: SourceVisits) => {
      server.addService(readableService, {
        control: (stream: ServerDuplexStream<FromDestination, FromSource>) => {
          visits.control(messageStream('control', stream));
        },
        pages: (stream: ServerWritableStream<OpenChannel, OutgoingBulkMessage>) => {
          // Tells the client that the stream is open; otherwise it would wait for the first page.
          stream.sendMetadata(new Metadata());
          visits.pages(messageStream<never, OutgoingBulkMessage>('pages', stream), stream.request);
        },
        faults: (stream: ServerDuplexStream<FaultMessage, OutgoingBulkMessage>) => {
          visits.faults(messageStream('faults', stream));
        },
      });
      return new Promise((resolve, reject) => {
        server.bindAsync(target, serverCredentials(tls), (cause) => {
          if (cause === null) resolve();
          else reject(new LivemigError('TESTBED_FAILED', `the source can't listen on ${target}`, { cause }));
        });
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.tryShutdown(() => {
          resolve();
        });
      }),
    destroy: () => {
      server.forceShutdown();
    },
  };
};
