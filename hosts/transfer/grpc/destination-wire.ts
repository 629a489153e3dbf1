import { Client, Metadata } from '@grpc/grpc-js';
import type { ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import type { LinkTimeouts } from '#proto/link-timeouts';
import { bulkMessageMaxBytes, migrationService } from '#proto/migration';
import type { TlsCredentials } from '#proto/tls';
import { readableFrom } from '../unreadable.ts';
import type { DestinationWire, Dialled, MessageStream, StreamEvents } from '../wire.ts';
import { brokenOff } from './broken-off.ts';
import { keepaliveOf } from './keepalive.ts';
import { knock } from './knock.ts';
import { certificateProblem, clientCredentials } from './tls.ts';

const { control, pages, faults } = migrationService;

/**
 * HTTP/2 receive window per connection: never the limit, which is left to TCP and the sender's own window. It costs no
 * memory by itself, since pages are installed as they arrive.
 */
const receiveWindowBytes = 256 << 20;

/** The source may be about to listen: wait for it instead of failing at the first refusal. */
const patient = (): Metadata => new Metadata({ waitForReady: true });
/** A source that was there before isn't about to listen. */
const impatient = (): Metadata => new Metadata();

const readable = readableFrom('source');

type ClientStream<In, Out> =
  | Pick<ClientDuplexStream<Out, In>, 'on' | 'write' | 'end' | 'cancel'>
  | Pick<ClientReadableStream<In>, 'on' | 'cancel'>;

/** @param name of the stream, for messages. */
const messageStream = <In, Out>(name: string, stream: ClientStream<In, Out>): MessageStream<In, Out> => {
  let events: StreamEvents<In> | null = null;
  return {
    listen: (told) => {
      const isFirst = events === null;
      events = told;
      if (!isFirst) return;
      stream.on('data', (message: In) => events?.data(message));
      stream.on('end', () => events?.ended());
      stream.on('error', (cause) => events?.lost(brokenOff(name, cause)));
    },
    write: (message, written) => {
      if ('write' in stream) stream.write(message, written);
    },
    end: () => {
      if ('end' in stream) stream.end();
    },
    destroy: () => {
      stream.cancel();
    },
  };
};

/** The destination's end over gRPC: each stream has its own connection. */
export const grpcDestinationWire = (
  target: string,
  timeouts: LinkTimeouts,
  tls?: TlsCredentials,
): DestinationWire => ({
  target,
  knock: (maxMs) => knock(target, maxMs),
  dial: (isPatient): Dialled => {
    const metadata = isPatient ? patient : impatient;
    const clients: Client[] = [];
    const streams: { cancel(): void }[] = [];
    /** A separate client has a separate connection only with its own subchannel pool. */
    const connect = (): Client => {
      const { credentials, options } = clientCredentials(tls);
      const client = new Client(target, credentials, {
        ...options,
        ...keepaliveOf(timeouts),
        'grpc.use_local_subchannel_pool': 1,
        'grpc-node.flow_control_window': receiveWindowBytes,
        'grpc.max_receive_message_length': bulkMessageMaxBytes,
        // A source that is about to listen is worth trying again soon.
        'grpc.initial_reconnect_backoff_ms': 100,
        'grpc.max_reconnect_backoff_ms': 1000,
      });
      clients.push(client);
      return client;
    };
    const speech = connect().makeBidiStreamRequest(
      control.path, control.requestSerialize, readable(control.responseDeserialize), metadata(),
    ); // prettier-ignore
    return {
      control: () => messageStream('control', speech),
      pages: (opening) => {
        const stream = connect().makeServerStreamRequest(
          pages.path, pages.requestSerialize, readable(pages.responseDeserialize), opening, metadata(),
        ); // prettier-ignore
        streams.push(stream);
        return messageStream(`pages ${opening.channel}`, stream);
      },
      faults: () => {
        const stream = connect().makeBidiStreamRequest(
          faults.path, faults.requestSerialize, readable(faults.responseDeserialize), metadata(),
        ); // prettier-ignore
        streams.push(stream);
        return messageStream('faults', stream);
      },
      // gRPC does not distinguish a refused certificate from other failures.
      problem: async () => (tls === undefined ? null : certificateProblem(target, tls)),
      close: () => {
        speech.end();
        for (const stream of streams) stream.cancel();
        for (const client of clients) client.close();
      },
    };
  },
});
