import { status } from '@grpc/grpc-js';
import { LivemigError, messageOf } from '../../proto/errors.ts';

/** A message that nobody can read. It comes as one, so that it is known whose it is. */
export interface Unreadable {
  unreadable: LivemigError;
}

export const isUnreadable = (message: object): message is Unreadable => 'unreadable' in message;

/**
 * A deserialiser that never throws: what gRPC makes of one that does can't be told from a connection that was reset.
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

/** What it means that a stream ended with a status. */
type Ending = 'lost' | 'violation';

/**
 * A connection that is lost ends its streams as UNAVAILABLE, as CANCELLED where the peer resets them first, and as INTERNAL
 * where the socket's error is one that grpc-js doesn't know (EPIPE, say). All else is a word of the peer, or of gRPC about
 * the peer's: a message that is too long (RESOURCE_EXHAUSTED) or compressed in an unknown way (UNIMPLEMENTED), a service
 * that isn't there.
 */
const endings: Record<status, Ending> = {
  [status.OK]: 'lost',
  [status.CANCELLED]: 'lost',
  [status.UNKNOWN]: 'violation',
  [status.INVALID_ARGUMENT]: 'violation',
  [status.DEADLINE_EXCEEDED]: 'lost',
  [status.NOT_FOUND]: 'violation',
  [status.ALREADY_EXISTS]: 'violation',
  [status.PERMISSION_DENIED]: 'violation',
  [status.RESOURCE_EXHAUSTED]: 'violation',
  [status.FAILED_PRECONDITION]: 'violation',
  [status.ABORTED]: 'violation',
  [status.OUT_OF_RANGE]: 'violation',
  [status.UNIMPLEMENTED]: 'violation',
  [status.INTERNAL]: 'lost',
  [status.UNAVAILABLE]: 'lost',
  [status.DATA_LOSS]: 'violation',
  [status.UNAUTHENTICATED]: 'violation',
};

/**
 * Why a stream broke off: AGENT_UNREACHABLE where the connection is lost, which another one may replace, and
 * PROTOCOL_VIOLATION where the peer is wrong, which no other connection mends.
 * @param what stream it was, for the message.
 */
export const brokenOff = (what: string, cause: unknown): LivemigError => {
  const code =
    typeof cause === 'object' && cause !== null && 'code' in cause ? (cause.code as status) : undefined;
  const ending =
    code === undefined ? 'lost' : ((endings as Partial<Record<number, Ending>>)[code] ?? 'violation');
  return ending === 'lost'
    ? new LivemigError('AGENT_UNREACHABLE', `the ${what} stream broke off`, { cause })
    : new LivemigError('PROTOCOL_VIOLATION', `the ${what} stream was ended: ${messageOf(cause)}`);
};
