// What @peculiar/x509 is built on asks for it.
import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { X509Certificate } from '@peculiar/x509';
import type { TlsCredentials } from '#proto/tls';
import { destinationTlsName, sourceTlsName } from '#proto/tls';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/**
 * As long as X.509 knows time (RFC 5280, 4.1.2.5: the end is what it gives for "no well-defined expiration"). What ends
 * their validity is the migration, whose authority is forgotten; clocks of hosts may differ, and be stepped under way.
 */
const always: Validity = { notBefore: new Date(0), notAfter: new Date('9999-12-31T23:59:59Z') };

cryptoProvider.set(webcrypto);

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

/** From when to when, by the clock of whoever looks. */
export interface Validity {
  notBefore: Date;
  notAfter: Date;
}

const common = ({ notBefore, notAfter }: Validity) => ({
  serialNumber: `00${randomBytes(15).toString('hex')}`,
  notBefore,
  notAfter,
  signingAlgorithm: algorithm,
});

interface Authority {
  certificate: X509Certificate;
  keys: webcrypto.CryptoKeyPair;
  validity: Validity;
}

const newAuthority = async (validity: Validity): Promise<Authority> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...common(validity),
    name: 'CN=livemig',
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  return { certificate, keys, validity };
};

const issue = async (
  authority: Authority,
  name: string,
  usage: ExtendedKeyUsage,
): Promise<TlsCredentials> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    ...common(authority.validity),
    subject: `CN=${name}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
    ],
  });
  return {
    authority: authority.certificate.toString('pem'),
    certificate: certificate.toString('pem'),
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
};

/**
 * For one migration: an authority of its own, which is forgotten, and what it has signed for the two hosts.
 * @param validity other than always, for tests of what a wrong clock leads to
 */
export const makeCertificates = async (
  validity: Validity = always,
): Promise<{
  source: TlsCredentials;
  destination: TlsCredentials;
}> => {
  const authority = await newAuthority(validity);
  return {
    source: await issue(authority, sourceTlsName, ExtendedKeyUsage.serverAuth),
    destination: await issue(authority, destinationTlsName, ExtendedKeyUsage.clientAuth),
  };
};
