/** What a host proves itself with, in PEM. Made for one migration; its authority has signed for no one else. */
export interface TlsCredentials {
  authority: string;
  certificate: string;
  key: string;
}

/** The name in the source's certificate: its address says nothing, as it is another in every testbed. */
export const sourceTlsName = 'source.livemig';
export const destinationTlsName = 'destination.livemig';
