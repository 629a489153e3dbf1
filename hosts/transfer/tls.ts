import { credentials, ServerCredentials } from '@grpc/grpc-js';
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import type { TlsCredentials } from '../../proto/tls.ts';
import { sourceTlsName } from '../../proto/tls.ts';

/** Mutual TLS: each side takes none but the other, whose certificate the migration's own authority has signed. */

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
