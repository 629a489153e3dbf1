import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { brokenOff } from '#hosts/transfer/grpc/broken-off';
import { isUnreadable, readableFrom } from '#hosts/transfer/unreadable';
import { bulkCodec } from '#proto/bulk';
import { migrationService } from '#proto/migration';

/** As grpc-js reports how a stream ended. */
const ending = (code: number, details = ''): Error =>
  Object.assign(new Error(`${code}: ${details}`), { code });

const lost = ['OK', 'CANCELLED', 'DEADLINE_EXCEEDED', 'INTERNAL', 'UNAVAILABLE'];
const names = Object.keys(status).filter((name) => Number.isNaN(Number(name)));

describe('a stream that broke off', () => {
  test.each(names)('with %s', (name) => {
    const error = brokenOff('pages 0', ending(status[name as keyof typeof status]));
    expect(error.code).toBe(lost.includes(name) ? 'CONNECTION_LOST' : 'PROTOCOL_VIOLATION');
    expect(error.message).toContain('pages 0');
  });

  test('whatever the text', () => {
    expect(brokenOff('control', ending(status.UNAVAILABLE, 'larger than max')).code).toBe('CONNECTION_LOST');
    const refused = ending(status.RESOURCE_EXHAUSTED, 'connect ECONNREFUSED');
    expect(brokenOff('control', refused).code).toBe('PROTOCOL_VIOLATION');
  });

  test('with a code that gRPC does not have', () => {
    expect(brokenOff('control', ending(99)).code).toBe('PROTOCOL_VIOLATION');
  });
});

describe('a message that can’t be read', () => {
  /** A group in a group in a group … */
  const nestedGroups = Buffer.alloc(1 << 20, (15 << 3) | 3);
  test.each([
    ['nonsense', Buffer.from('GET / HTTP/1.1')],
    ['cut short', Buffer.from([0x12, 0x7f, 1])],
    ['groups in groups', nestedGroups],
  ])('is reported as one, not as an error: %s', (_, bytes) => {
    for (const { responseDeserialize } of [migrationService.pages, migrationService.control]) {
      const read = readableFrom('source')<object>(responseDeserialize)(bytes);
      expect(isUnreadable(read) && read.unreadable.code).toBe('PROTOCOL_VIOLATION');
    }
  });

  test('one that can be read is unchanged', () => {
    const bytes = bulkCodec.serialize({ sequence: 7, resume: { mode: 'COMPLETE', after: [3] } });
    const read = readableFrom('source')(bulkCodec.deserialize)(bytes);
    expect(read).toEqual({ body: 'resume', sequence: 7, resume: { mode: 'COMPLETE', after: [3] } });
  });
});
