import { defineCapability } from '../capability.ts';

/** Implemented by the transfer (hosts/transfer/tls.ts). */
export default defineCapability({
  name: 'tls',
  help: 'mutual TLS between the hosts, with certificates created for the migration',
  sets: () => ({ isEncrypted: true }),
});
