import { createHash, timingSafeEqual } from 'node:crypto';
import { ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { MetadataValue, ServerInterceptor } from '@grpc/grpc-js';
import { authorizationKey, authorizationOf } from '#proto/agent-address';

/** Hashed, so that the lengths compared are always equal. */
const digestOf = (value: MetadataValue): Buffer => createHash('sha256').update(value).digest();

/**
 * Lets calls through that bring the token. Others end at their headers, before any of their messages is read.
 * @param refused is told who was turned away.
 */
export const admitWith = (token: string, refused: (peer: string) => void): ServerInterceptor => {
  const expected = digestOf(authorizationOf(token));
  return (_method, call) =>
    new ServerInterceptingCall(call, {
      start: (next) => {
        next({
          onReceiveMetadata: (metadata, pass) => {
            const [given = ''] = metadata.get(authorizationKey);
            if (timingSafeEqual(digestOf(given), expected)) {
              pass(metadata);
              return;
            }
            refused(call.getPeer());
            call.sendStatus({ code: status.UNAUTHENTICATED, details: "expected this agent's token" });
          },
        });
      },
    });
};
