import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { controlMethods, isControlMethod, parseArgument } from '#proto/control-arguments';
import type { ControlMethod } from '#proto/control';
import type { LivemigError } from '#proto/errors';
import { absurd, mutatedCall, validCall } from '#test/support/control-arguments';
import { fuzz } from '#test/support/fuzz';

/** The accepted argument, or null if it was refused as bad input must be. */
const parsed = (method: ControlMethod, argument: unknown): unknown => {
  try {
    return parseArgument(method, argument);
  } catch (error) {
    if ((error as LivemigError).code !== 'BAD_INPUT') throw error;
    const { problems, message } = error as LivemigError;
    if (problems.length === 0 || problems.length > 21 || message.length > 8000)
      throw new Error(`${problems.length} problems in ${message.length} characters`, { cause: error });
    return null;
  }
};

/** Every number is one that arithmetic is safe with, and nothing came in by way of a prototype. */
const isTame = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 && value <= 2 ** 53;
  if (typeof value !== 'object' || value === null) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return (
    (Array.isArray(value) || prototype === Object.prototype) &&
    !Object.hasOwn(value, '__proto__') &&
    Object.values(value).every(isTame)
  );
};

describe('arguments of the management plane, fuzzed', () => {
  fuzz('what a method must take, it takes as it is', validCall, ({ method, argument }) => {
    const got = parsed(method, argument);
    return isDeepStrictEqual(JSON.parse(JSON.stringify(got)), JSON.parse(JSON.stringify(argument)));
  });

  fuzz('what is wrong in one place is refused in a few lines, or harmless', mutatedCall, (call) => {
    const got = parsed(call.method, JSON.parse(JSON.stringify(call.argument)));
    return isTame(got);
  });

  fuzz(
    'any JSON is refused or harmless, whatever the method',
    fc.tuple(fc.constantFrom(...controlMethods), absurd),
    ([method, value]) => isTame(parsed(method, value)),
  );

  test('some mutations are refused: a negative control', () => {
    expect(parsed('migrateSetParameters', { maxBandwidthMbps: 500 })).toEqual({ maxBandwidthMbps: 500 });
    for (const value of [
      null,
      5,
      'x',
      -5,
      {},
      { maxBandwidthMbps: -5 },
      { maxBandwidthMbps: '5' },
      { hybridRounds: 2 },
    ])
      expect(parsed('migrateSetParameters', value)).toBeNull();
  });

  test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', ''])('%p is not a method', (name) => {
    expect(isControlMethod(name)).toBe(false);
    expect(isControlMethod('hello')).toBe(true);
  });
});
