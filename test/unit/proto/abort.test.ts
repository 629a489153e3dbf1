import { describe, expect, test } from '@jest/globals';
import { LivemigError } from '#proto/errors';
import { abortedBy, abortFor } from '#proto/migration';
import { reasonMax } from '#proto/migration-bounds';

describe('an abort', () => {
  test('is no longer than its receiver accepts, whatever the reason', () => {
    const long = new LivemigError('TIMEOUT', 'x'.repeat(1 << 20));
    const { code, reason } = abortFor(long);
    expect([code, reason.length]).toEqual(['TIMEOUT', reasonMax]);
    expect(abortedBy('source', { code, reason })).toMatchObject({ code: 'TIMEOUT' });
  });

  test('gives a reason even for a foreign error', () => {
    expect(abortFor(null)).toEqual({ code: 'INTERNAL', reason: 'null' });
  });
});
