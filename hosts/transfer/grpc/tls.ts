import { connect } from 'node:tls';
import { credentials, ServerCredentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { LivemigError } from '#proto/errors';
import type { TlsCredentials } from '#proto/tls';
import { sourceTlsName } from '#proto/tls';

/** Mutual TLS: each side accepts only the other, whose certificate was signed by the migration's own authority. */

export const serverCredentials = (tls: TlsCredentials | undefined): ServerCredentials =>
  tls === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(
        Buffer.from(tls.authority),
        [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.certificate) }],
        true,
      );

export const clientCredentials = (
  tls: TlsCredentials | undefined,
): { credentials: ChannelCredentials; options: ChannelOptions } =>
  tls === undefined
    ? { credentials: credentials.createInsecure(), options: {} }
    : {
        credentials: credentials.createSsl(
          Buffer.from(tls.authority),
          Buffer.from(tls.key),
          Buffer.from(tls.certificate),
        ),
        options: {
          'grpc.ssl_target_name_override': sourceTlsName,
          'grpc.default_authority': sourceTlsName,
        },
      };

/** A handshake takes two round trips. */
const lookTimeoutMs = 5000;

/**
 * Whether the source's certificate prevents a connection, which gRPC doesn't say while it retries.
 * @param target `host:port`
 * @returns the error that says so; null if it doesn't, or nobody answers
 */
export const certificateProblem = async (
  target: string,
  { authority, certificate, key }: TlsCredentials,
): Promise<LivemigError | null> => {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(target) ?? [];
  if (host === undefined) return null;
  const socket = connect({
    host,
    port: Number(port),
    ca: authority,
    cert: certificate,
    key,
    servername: sourceTlsName,
    ALPNProtocols: ['h2'],
    // For inspection only: nothing is sent over it.
    rejectUnauthorized: false,
  });
  try {
    return await new Promise((resolve) => {
      socket.setTimeout(lookTimeoutMs, () => { resolve(null); });
      socket.once('error', () => { resolve(null); });
      socket.once('close', () => { resolve(null); });
      socket.once('secureConnect', () => {
        // Node gives OpenSSL's name for the reason, like CERT_NOT_YET_VALID, although the types say Error.
        const reason = String(socket.authorizationError);
        resolve(
          socket.authorized
            ? null
            : new LivemigError('CERTIFICATE_REFUSED', `expected a certificate of this migration's authority for ${sourceTlsName} at ${target}, got one that is refused: ${reason}; see that the clocks of both hosts are right, and that nothing stands between them`),
        );
      });
    }); // prettier-ignore
  } finally {
    socket.destroy();
  }
};
