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
import type { TlsCredentials } from '../../proto/tls.ts';
import { destinationTlsName, sourceTlsName } from '../../proto/tls.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks of hosts that someone else has started may differ. */
const validBeforeMs = 3_600_000;
const validAfterMs = 86_400_000;

cryptoProvider.set(webcrypto);

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const common = () => ({
  serialNumber: `00${randomBytes(15).toString('hex')}`,
  notBefore: new Date(Date.now() - validBeforeMs),
  notAfter: new Date(Date.now() + validAfterMs),
  signingAlgorithm: algorithm,
});

interface Authority {
  certificate: X509Certificate;
  keys: webcrypto.CryptoKeyPair;
}

const newAuthority = async (): Promise<Authority> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...common(),
    name: 'CN=livemig',
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  return { certificate, keys };
};

const issue = async (
  authority: Authority,
  name: string,
  usage: ExtendedKeyUsage,
): Promise<TlsCredentials> => {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    ...common(),
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

/** For one migration: an authority of its own, which is forgotten, and what it has signed for the two hosts. */
export const makeCertificates = async (): Promise<{
  source: TlsCredentials;
  destination: TlsCredentials;
}> => {
  const authority = await newAuthority();
  return {
    source: await issue(authority, sourceTlsName, ExtendedKeyUsage.serverAuth),
    destination: await issue(authority, destinationTlsName, ExtendedKeyUsage.clientAuth),
  };
};
