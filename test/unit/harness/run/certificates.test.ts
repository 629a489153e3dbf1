import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { makeCertificates } from '../../../../harness/run/certificates.ts';
import { sourceTlsName } from '../../../../proto/tls.ts';

test('both hosts get a certificate of one authority, which has signed for no other migration', async () => {
  const [{ source, destination }, other] = [await makeCertificates(), await makeCertificates()];
  const authority = new X509Certificate(source.authority);
  expect(destination.authority).toBe(source.authority);
  expect(authority.ca).toBe(true);
  for (const { certificate } of [source, destination]) {
    expect(new X509Certificate(certificate).verify(authority.publicKey)).toBe(true);
    expect(new X509Certificate(certificate).ca).toBe(false);
  }
  expect(new X509Certificate(source.certificate).checkHost(sourceTlsName)).toBe(sourceTlsName);
  expect(new X509Certificate(destination.certificate).checkHost(sourceTlsName)).toBeUndefined();
  expect(new X509Certificate(other.source.certificate).verify(authority.publicKey)).toBe(false);
});
