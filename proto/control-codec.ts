import protobuf from 'protobufjs';
import type { AgentEvent } from './events.ts';
import type { ControlMethod, Whom } from './control.ts';
import type { Codec } from './load.ts';
import { loadProto } from './load.ts';

/**
 * The messages of control.proto in TypeScript. Decoded messages have the contract's shape; control-arguments.ts,
 * control-results.ts and event-schema.ts check the bounds of their values.
 */

export interface ControlRequest extends Whom {
  /** The caller's version; 0 if it names none. */
  contract: number;
  /** '' if the message has none, or one that is unknown here. */
  method: string;
  argument: unknown;
  blob?: Buffer;
}

/** Either the method's result or an error; neither if it can't be read. */
export interface ControlResponse {
  contract: number;
  method: string;
  result: unknown;
  error?: unknown;
  blob?: Buffer;
}

/** An event, and the guest and migration it is about. */
export type ToldEvent = AgentEvent & Whom;

type Tree = Record<string, unknown>;

const packageName = 'livemig.control.v1';
const root = loadProto('control.proto');

const kinds: Readonly<Record<string, string>> = { number: 'number', string: 'text', boolean: 'flag' };

/** As a `Value`; empty, hence rejected, if it isn't one. */
const asValue = (value: unknown): Tree => {
  const kind = kinds[typeof value];
  return kind === undefined ? {} : { [kind]: value };
};

/** A message whose only field is `values` stands for that field's value, and a `Value` for the one it holds. */
const wrap = (type: protobuf.Type): void => {
  const [field, ...others] = type.fieldsArray;
  if (field?.name === 'values' && others.length === 0)
    protobuf.wrappers[type.fullName] = {
      fromObject(given: Tree) {
        const values =
          field.type === 'Value'
            ? Object.fromEntries(Object.entries(given).map(([name, value]) => [name, asValue(value)]))
            : given;
        return this.fromObject({ values });
      },
      toObject(message, options) {
        return this.toObject(message, options)['values'] as Tree;
      },
    };
  if (type.name === 'Value')
    protobuf.wrappers[type.fullName] = {
      fromObject(given: Tree) {
        return this.fromObject(given);
      },
      toObject(message) {
        const { kind = '' } = message as unknown as { kind?: string };
        return (message as unknown as Tree)[kind] as Tree;
      },
    };
};

const namespace = root.lookup(packageName);
if (namespace instanceof protobuf.Namespace)
  for (const type of namespace.nestedArray) if (type instanceof protobuf.Type) wrap(type);

const typeOf = (name: string): protobuf.Type => root.lookupType(`${packageName}.${name}`);

/** Lists and maps have no presence: absent is empty. */
const plain = { longs: Number, arrays: true, objects: true };

const encode = (type: protobuf.Type, value: Tree): Buffer =>
  Buffer.from(type.encode(type.fromObject(value)).finish());

/** With the name of the oneof's member, '' if none is set. */
const decode = (type: protobuf.Type, oneof: string, bytes: Buffer): { value: Tree; which: string } => {
  const message = type.decode(bytes);
  const which = (message as unknown as Tree)[oneof];
  return { value: type.toObject(message, plain), which: typeof which === 'string' ? which : '' };
};

const whomOf = ({ hostId, guestId, migrationId }: Tree): Whom => ({
  ...(typeof hostId === 'string' ? { hostId } : {}),
  ...(typeof guestId === 'string' ? { guestId } : {}),
  ...(typeof migrationId === 'string' ? { migrationId } : {}),
});
const blobOf = ({ blob }: Tree): { blob?: Buffer } =>
  blob instanceof Uint8Array ? { blob: Buffer.from(blob.buffer, blob.byteOffset, blob.byteLength) } : {};
const contractOf = ({ contract }: Tree): number => (typeof contract === 'number' ? contract : 0);

const request = typeOf('Request');
const response = typeOf('Response');
const event = typeOf('Event');

export const requestCodec: Codec<ControlRequest> = {
  serialize: ({ method, argument, ...rest }) => encode(request, { ...rest, [method]: argument }),
  deserialize: (bytes) => {
    const { value, which } = decode(request, 'call', bytes);
    return {
      contract: contractOf(value),
      method: which,
      argument: value[which],
      ...whomOf(value),
      ...blobOf(value),
    };
  },
};

export const responseCodec: Codec<ControlResponse> = {
  serialize: ({ method, result, error, ...rest }) =>
    encode(response, { ...rest, ...(error === undefined ? { [method]: result } : { error }) }),
  deserialize: (bytes) => {
    const { value, which } = decode(response, 'outcome', bytes);
    return {
      contract: contractOf(value),
      method: which,
      ...(which === 'error' ? { result: null, error: value['error'] } : { result: value[which] }),
      ...blobOf(value),
    };
  },
};

/** `cut-ended` ↔ `cutEnded`. */
const fieldOf = (type: string): string =>
  type.replaceAll(/-[a-z]/g, ([, letter = '']) => letter.toUpperCase());
const typeOfField = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Not an event until `readEvent` has validated it. */
export const eventCodec: Codec<ToldEvent | (Tree & Whom)> = {
  serialize: ({ type, hostId, guestId, migrationId, ...told }) =>
    encode(event, { ...whomOf({ hostId, guestId, migrationId }), [fieldOf(String(type))]: told }),
  deserialize: (bytes) => {
    const { value, which } = decode(event, 'event', bytes);
    return { ...(value[which] as Tree | undefined), type: typeOfField(which), ...whomOf(value) };
  },
};

/** Every method of the contract, by the name of its message in `Request`. */
export const contractMethods = request.oneofs['call']!.fieldsArray.map(({ name }) => name as ControlMethod);

/** The message of a method, to compare the contract with the bounds. */
export const messageOfMethod = (of: 'Request' | 'Response', method: ControlMethod): protobuf.Type => {
  const field = typeOf(of).fields[method]!.resolve();
  return field.resolvedType as protobuf.Type;
};
