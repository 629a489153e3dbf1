import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js';
import { migrationService, migrationVersion } from '#proto/migration';
import type { DestinationHello, FromDestination, FromSource, SourceHello } from '#proto/migration';

/** The streams of one destination, over which a source says whatever bytes a test wants. */
export interface RawStreams {
  control: ServerDuplexStream<FromDestination, Buffer>;
  pages?: ServerWritableStream<unknown, Buffer>;
  faults?: ServerDuplexStream<unknown, Buffer>;
}

export interface RawSource {
  port: number;
  /** Of every connection, in order. */
  hellos: DestinationHello[];
  /** What a destination said to end the migration, if it did. */
  aborts: string[];
  /** Resolves when it has. */
  aborted: Promise<undefined>;
  close: () => void;
}

const asTheyAre = (bytes: Buffer): Buffer => bytes;

/** The bytes of a control message. */
const controlBytes = (message: FromSource): Buffer => migrationService.control.responseSerialize(message);

/**
 * A source that agrees with every destination, and then does what it is told.
 * @param shape of the guest, as announced in its hello.
 * @param onReady all streams of a connection are open.
 */
export const startRawSource = async (
  shape: Pick<SourceHello, 'regions' | 'vcpus' | 'deviceStateBytes'>,
  onReady: (streams: Required<RawStreams>, nth: number) => void,
): Promise<RawSource> => {
  const { control, pages, faults } = migrationService;
  const server = new Server({ 'grpc.max_send_message_length': -1 });
  const { promise: aborted, resolve: onAbort } = Promise.withResolvers<undefined>();
  const source: RawSource = { port: 0, hellos: [], aborts: [], aborted, close: () => server.forceShutdown() };
  let streams: RawStreams | null = null;
  let isReady = false;
  const opened = (): void => {
    const { control: main, pages: bulk, faults: urgent } = streams ?? {};
    if (!isReady || main === undefined || bulk === undefined || urgent === undefined) return;
    isReady = false;
    onReady({ control: main, pages: bulk, faults: urgent }, source.hellos.length);
  };
  const service = {
    control: { ...control, responseSerialize: asTheyAre },
    pages: { ...pages, responseSerialize: asTheyAre },
    faults: { ...faults, responseSerialize: asTheyAre },
  };
  server.addService(service, {
    control: (stream: ServerDuplexStream<FromDestination, Buffer>) => {
      streams = { control: stream };
      isReady = false;
      stream.on('error', () => undefined);
      stream.on('end', () => stream.end());
      stream.on('data', (message: FromDestination) => {
        if ('hello' in message) {
          source.hellos.push(message.hello);
          const hello: SourceHello = {
            version: migrationVersion,
            migrationId: message.hello.migrationId,
            ...shape,
            channels: 1,
            faultsInStream: false,
            capabilities: [],
          };
          stream.write(controlBytes({ hello }));
        } else if ('ready' in message) {
          isReady = true;
          opened();
        } else if ('abort' in message) {
          source.aborts.push(message.abort.code);
          onAbort(undefined);
        }
      });
    },
    pages: (stream: ServerWritableStream<unknown, Buffer>) => {
      if (streams !== null) streams.pages = stream;
      stream.on('error', () => undefined);
      opened();
    },
    faults: (stream: ServerDuplexStream<unknown, Buffer>) => {
      if (streams !== null) streams.faults = stream;
      stream.on('error', () => undefined);
      stream.on('data', () => undefined);
      opened();
    },
  });
  source.port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
  return source;
};
