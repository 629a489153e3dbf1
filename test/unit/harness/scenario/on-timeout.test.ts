import { describe, expect, test } from '@jest/globals';
import { overridesOf } from '#harness/cli/run-options';
import { parseScenario } from '#harness/scenario';

const parse = (document: unknown) => parseScenario(document, {}, []);

describe('onTimeout', () => {
  test('without it the scenario says nothing of it', () => {
    expect(parse(null).scenario).not.toHaveProperty('onTimeout');
  });

  test.each<[unknown, object]>([
    [30_000, { afterMs: 30_000, action: 'cancel' }],
    ['30000', { afterMs: 30_000, action: 'cancel' }],
    ['30000:force-switchover', { afterMs: 30_000, action: 'force-switchover' }],
    [
      { afterMs: 1, action: 'start-postcopy' },
      { afterMs: 1, action: 'start-postcopy' },
    ],
  ])('%j', (onTimeout, expected) => {
    expect(parse({ onTimeout })).toMatchObject({ problems: [], scenario: { onTimeout: expected } });
  });

  test('as an option', () => {
    const { scenario } = parseScenario({}, overridesOf({ onTimeout: '2000:start-postcopy' }), []);
    expect(scenario!.onTimeout).toEqual({ afterMs: 2000, action: 'start-postcopy' });
  });

  test.each<[object, string]>([
    [{ onTimeout: '0:force-switchover' }, 'onTimeout.afterMs: expected a whole number from 1'],
    [{ onTimeout: 'force-switchover' }, 'onTimeout.afterMs: '],
    [{ onTimeout: { action: 'force-switchover' } }, 'onTimeout.afterMs: expected a time in ms, got nothing'],
    [{ onTimeout: '1:force-swichover' }, 'did you mean "force-switchover"'],
    [
      { strategy: 'stop-and-copy', onTimeout: '1:force-switchover' },
      'stop-and-copy begins with the switchover',
    ],
    [{ strategy: 'post-copy', onTimeout: '1:start-postcopy' }, 'post-copy begins with the switchover'],
    [{ strategy: 'pre-copy', onTimeout: '1:start-postcopy' }, 'set capability postcopy-ram'],
    [{ strategy: 'hybrid', capabilities: 'postcopy-ram' }, 'without this capability'],
  ])('refuses %j', (document, problem) => {
    expect(parse(document).problems.join('\n')).toContain(problem);
  });

  test.each([
    { strategy: 'stop-and-copy', onTimeout: '1:cancel' },
    { strategy: 'pre-copy', onTimeout: '1:start-postcopy', capabilities: 'postcopy-ram' },
    {
      strategy: 'pre-copy',
      capabilities: 'postcopy-ram,prepaging',
      limits: { maxPostcopyBandwidthMbps: 10 },
    },
  ])('takes %j (negative control)', (document) => {
    expect(parse(document).problems).toEqual([]);
  });
});
