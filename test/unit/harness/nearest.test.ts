import { describe, expect, test } from '@jest/globals';
import { nearest, unknownName } from '#harness/nearest';

const links = ['coleraine-dublin', 'coleraine-halifax', 'lan-1g', 'lan-10g'];

describe('nearest', () => {
  test.each([
    ['colerain-dublin', 'coleraine-dublin'],
    ['Coleraine-Halifax', 'coleraine-halifax'],
    ['lan1g', 'lan-1g'],
    ['halifax', 'coleraine-halifax'],
  ])('%s was meant to be %s', (typed, meant) => {
    expect(nearest(typed, links)).toBe(meant);
  });

  test('nothing is near a completely different word', () => {
    expect(nearest('zanzibar', links)).toBeUndefined();
    expect(nearest('x', [])).toBeUndefined();
  });

  test('a problem names the guess and the valid names', () => {
    expect(unknownName('link', 'lan-1', ['lan-1g'])).toBe(
      'unknown link "lan-1"; did you mean "lan-1g"? (known: lan-1g)',
    );
    expect(unknownName('link', 'zanzibar', ['lan-1g'])).toBe('unknown link "zanzibar" (known: lan-1g)');
  });
});
