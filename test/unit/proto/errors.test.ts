import { describe, expect, test } from '@jest/globals';
import { codeOf, fromErrorDocument, LivemigError, messageOf, toErrorDocument } from '#proto/errors';

describe('errors', () => {
  test('a message carries its causes', () => {
    const error = new LivemigError('TESTBED_FAILED', 'no router', {
      cause: new Error('no veth', { cause: 'EPERM' }),
    });
    expect(messageOf(error)).toBe('no router: no veth: EPERM');
  });

  test('a cause with the same text is mentioned once', () => {
    const cancelled = (options = {}): LivemigError =>
      new LivemigError('CANCELLED', 'the migration was cancelled', options);
    expect(messageOf(cancelled({ cause: cancelled() }))).toBe('the migration was cancelled');
    const why = cancelled({ cause: cancelled({ cause: new Error('SIGTERM') }) });
    expect(messageOf(why)).toBe('the migration was cancelled: SIGTERM');
  });

  test('a foreign error is INTERNAL, whatever was thrown', () => {
    expect(codeOf(new TypeError('x'))).toBe('INTERNAL');
    expect(codeOf('x')).toBe('INTERNAL');
    expect(codeOf(null)).toBe('INTERNAL');
    // Node's own errors have a string code as well, which is not one of ours.
    expect(codeOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('INTERNAL');
  });

  test('code and problems survive the trip between processes', () => {
    const error = new LivemigError('BAD_INPUT', 'two problems', { problems: ['one', 'two'] });
    const back = fromErrorDocument(JSON.parse(JSON.stringify(toErrorDocument(error))) as never);
    expect(back.code).toBe('BAD_INPUT');
    expect(back.problems).toEqual(['one', 'two']);
    expect(back.message).toBe('two problems');
  });
});
