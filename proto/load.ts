import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

/** Parses one of the .proto files beside this module; field names become camelCase, as in TypeScript. */
export const loadProto = (file: 'control.proto' | 'migration.proto' | 'storage.proto'): protobuf.Root =>
  protobuf.parse(readFileSync(new URL(file, import.meta.url), 'utf8'), { keepCase: false }).root;

/** Serialiser and deserialiser of one message type, in the shape that grpc-js wants. */
export interface Codec<T> {
  serialize: (value: T) => Buffer;
  deserialize: (bytes: Buffer) => T;
}

/** A codec that goes through protobufjs; `T` is the message's plain object. */
export const codecOf = <T extends object>(root: protobuf.Root, type: string): Codec<T> => {
  const message = root.lookupType(type);
  return {
    serialize: (value) => Buffer.from(message.encode(message.fromObject(value)).finish()),
    deserialize: (bytes) =>
      message.toObject(message.decode(bytes), {
        longs: Number,
        arrays: true,
        defaults: true,
        oneofs: true,
      }) as T,
  };
};
