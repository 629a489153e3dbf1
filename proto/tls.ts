/** A host's TLS credentials in PEM, created for one migration, for which alone the authority signs. */
export interface TlsCredentials {
  authority: string;
  certificate: string;
  key: string;
}

/** The name in the source's certificate; addresses differ between testbeds. */
export const sourceTlsName = 'source.livemig';
export const destinationTlsName = 'destination.livemig';
