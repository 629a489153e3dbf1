import { describe, expect, test } from '@jest/globals';
import { stageOf } from '#bench/capabilities/stages';
import { samplesOf, secondsByStage, windowOf } from '#bench/cpu-profile';

const frame = (functionName: string, url = ''): { functionName: string; url: string } => ({
  functionName,
  url,
});

const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('serializeMessage', '/x/@grpc/grpc-js/server.js'), children: [5] },
    { id: 4, callFrame: frame('(program)') },
    { id: 5, callFrame: frame('copyTo', '/x/hosts/guest/memory.ts'), children: [6] },
    { id: 6, callFrame: frame('_copyActual', 'node:buffer') },
  ],
  samples: [2, 6, 3, 4, 2, 6, 2],
  timeDeltas: [1_000_000, 500_000, 250_000, 250_000, 500_000, 500_000, 1_000_000],
};

describe('CPU time by stage', () => {
  test('counts each sample for the innermost function with a known stage', () => {
    expect(secondsByStage(samplesOf(profile), stageOf)).toEqual([
      ['idle', 2.5],
      ['copies of pages', 1],
      ['gRPC and protobuf', 0.25],
      ['socket calls and the kernel’s network', 0.25],
    ]);
  });

  test('is measured between the first and the last mark', () => {
    const window = windowOf(samplesOf(profile), ({ stack }) =>
      stack.some(({ functionName }) => functionName === 'copyTo'),
    );
    expect(window.map(({ atUs }) => atUs / 1e6)).toEqual([1.5, 1.75, 2, 2.5, 3]);
    expect(windowOf(window, () => false)).toEqual([]);
  });

  test('has a name for samples of no known stage', () => {
    expect(stageOf([frame('next', 'node:internal/timers')])).toBe('the rest of Node');
  });
});
