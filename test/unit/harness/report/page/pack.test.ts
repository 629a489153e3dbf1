import { expect, test } from '@jest/globals';
import { gunzipSync } from 'node:zlib';
import { compactJson, fingerprint, packed, sourceHash } from '#harness/report/page/pack';

test('packed data is gzip in base64', async () => {
  const text = 'κ_M = 1/16\n'.repeat(1000);
  const base64 = await packed(text);
  expect(base64.length).toBeLessThan(text.length / 10);
  expect(gunzipSync(Buffer.from(base64, 'base64')).toString()).toBe(text);
});

test('compact JSON keeps nine digits of a fraction, every integer, and everything else', () => {
  const value = { a: 0.1234567890123, b: 123_456_789_012, c: [1e-7 / 3, 0, -1.5], d: 'x', e: null, f: true };
  expect(JSON.parse(compactJson(value))).toEqual({
    a: 0.123456789,
    b: 123_456_789_012,
    c: [3.33333333e-8, 0, -1.5],
    d: 'x',
    e: null,
    f: true,
  });
});

test('hashes are SHA-256', async () => {
  expect(await fingerprint('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(await sourceHash('')).toBe("'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='");
});
