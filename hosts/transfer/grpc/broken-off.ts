import { LivemigError, messageOf } from '#proto/errors';
import { codeOfStatus } from '#proto/foreign-codes';

/**
 * Why a stream broke off: CONNECTION_LOST if the connection is lost, which another one may replace, or
 * PROTOCOL_VIOLATION if the peer is wrong, which no other connection fixes.
 * @param what stream it was, for the message.
 */
export const brokenOff = (what: string, cause: unknown): LivemigError => {
  const status = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
  const code = typeof status === 'number' ? codeOfStatus(status) : 'CONNECTION_LOST';
  return code === 'CONNECTION_LOST'
    ? new LivemigError(code, `the ${what} stream broke off`, { cause })
    : new LivemigError(code, `the ${what} stream was ended: ${messageOf(cause)}`);
};
