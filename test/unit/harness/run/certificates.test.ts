import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { makeCertificates } from '#harness/run/certificates';
import type { Validity } from '#harness/run/certificates';
import { realClock } from '#hosts/clock';
import { DestinationClient } from '#hosts/transfer/destination-client';
import { grpcDestinationWire } from '#hosts/transfer/grpc/destination-wire';
import { certificateProblem } from '#hosts/transfer/grpc/tls';
import { leastTimeouts } from '#proto/link-timeouts';
import { sourceTlsName } from '#proto/tls';
import type { TlsCredentials } from '#proto/tls';

test('both hosts get a certificate from one authority, which signs for no other migration', async () => {
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

test('they are valid whatever the clocks of the hosts say', async () => {
  const { source } = await makeCertificates();
  for (const pem of [source.authority, source.certificate]) {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    expect(validFromDate.getTime()).toBe(0);
    expect(validToDate.getUTCFullYear()).toBe(9999);
  }
});

describe('the certificate that a source presents', () => {
  const served = async (
    shown: TlsCredentials,
    look: (target: string) => Promise<unknown>,
  ): Promise<unknown> => {
    const server = createServer({ cert: shown.certificate, key: shown.key, ca: shown.authority });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const answer = await look(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.close();
    return answer;
  };
  const past = { notBefore: new Date(0), notAfter: new Date('2001-01-01') };
  const future = { notBefore: new Date('9000-01-01'), notAfter: new Date('9001-01-01') };

  test.each<[string, Validity, RegExp]>([
    ['no longer valid by the clock here', past, /CERT_HAS_EXPIRED.*clocks/],
    ['not yet valid by the clock here', future, /CERT_NOT_YET_VALID.*clocks/],
  ])('is refused and named where it is %s', async (_, validity, reason) => {
    const { source, destination } = await makeCertificates(validity);
    const problem = await served(source, (target) => certificateProblem(target, destination));
    expect(problem).toMatchObject({ code: 'CERTIFICATE_REFUSED', message: expect.stringMatching(reason) });
    // And so does a destination that tries to connect.
    const lost = await served(
      source,
      (target) =>
        new Promise((resolve) => {
          const nothing = (): void => undefined;
          const client = new DestinationClient(
            {
              wire: grpcDestinationWire(target, leastTimeouts, destination),
              clock: realClock,
              timeouts: leastTimeouts,
              migrationId: 'id',
              isPatient: false,
            },
            { control: nothing, bulk: nothing, urgent: nothing, ended: nothing, violated: nothing, lost: (error) => { client.close(); resolve(error); } },
          ); // prettier-ignore
        }),
    );
    expect(lost).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
  });

  test('is refused if another authority signed it', async () => {
    const [{ source }, { destination }] = [await makeCertificates(), await makeCertificates()];
    const problem = await served(source, (target) => certificateProblem(target, destination));
    expect(problem).toMatchObject({ code: 'CERTIFICATE_REFUSED' });
  });

  test('control: the right one is fine, and so is a host where nobody answers', async () => {
    const { source, destination } = await makeCertificates();
    expect(await served(source, (target) => certificateProblem(target, destination))).toBeNull();
    expect(await certificateProblem('127.0.0.1:1', destination)).toBeNull();
  });
});
