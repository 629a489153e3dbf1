import { LivemigError } from '#proto/errors';

/** A message that can't be read. It is delivered as a message, so that its sender is known. */
export interface Unreadable {
  unreadable: LivemigError;
}

export const isUnreadable = (message: object): message is Unreadable => 'unreadable' in message;

/**
 * A deserialiser that never throws: if one does, gRPC reports what looks like a reset connection.
 * @param peer who sends these messages.
 */
export const readableFrom =
  (peer: 'source' | 'destination') =>
  <T>(deserialize: (bytes: Buffer) => T) =>
  (bytes: Buffer): T | Unreadable => {
    try {
      return deserialize(bytes);
    } catch (cause) {
      const what = `expected a message of the migration protocol from the ${peer}, got ${bytes.length} bytes that can't be read as one`;
      return { unreadable: new LivemigError('PROTOCOL_VIOLATION', what, { cause }) };
    }
  };
