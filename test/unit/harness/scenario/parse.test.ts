import { describe, expect, test } from '@jest/globals';
import { defaultLimits } from '#catalogue/limits';
import { defaultCapabilities } from '#catalogue/capabilities';
import type { Section } from '#harness/scenario';
import { parseScenario } from '#harness/scenario';
import type { CrossCheckInput } from '#harness/measure/cross-checks';
import { checkDowntime } from '#harness/measure/cross-checks';
import { paperProfile } from '#test/support/synthetic-migration';

const observedAt = { firstAnswerMs: 5 };

const links = ['coleraine-dublin', 'coleraine-halifax', 'lan-1g'];
const mebibyte = 1024 ** 2;

const valid = (document: unknown, overrides: Section = {}) => {
  const { scenario, problems } = parseScenario(document, overrides, links);
  expect(problems).toEqual([]);
  return scenario!;
};
const problemsOf = (document: unknown, overrides: Section = {}): readonly string[] =>
  parseScenario(document, overrides, links).problems;

describe('strategy', () => {
  test('may be a file, for which no switch is refused', () => {
    const document = {
      strategy: './mine.ts',
      capabilities: 'auto-converge',
      limits: { maxPostcopyBandwidthMbps: 10 },
    };
    expect(valid(document).strategy).toBe('./mine.ts');
    expect(problemsOf({ strategy: 'precopy' })).toEqual([
      expect.stringContaining('did you mean "pre-copy"?'),
    ]);
    expect(problemsOf({ strategy: './mine.py' })).toEqual([expect.stringContaining('unknown strategy')]);
  });
});

describe('defaults', () => {
  test('an empty scenario is the main one', () => {
    expect(valid(null)).toEqual({
      name: 'unnamed',
      link: 'coleraine-dublin',
      driver: 'auto',
      backend: 'auto',
      guest: {
        ramBytes: 1024 * mebibyte,
        vcpus: 1,
        baseFootprintBytes: 256 * mebibyte,
        deviceStateBytes: mebibyte,
        prealloc: true,
      },
      workload: {
        name: 'stress',
        regionBytes: 256 * mebibyte,
        dirtyRatePagesPerSecond: 131_072,
        content: 'random',
      },
      strategy: 'hybrid',
      limits: defaultLimits,
      transfer: { dirtyBitmap: true },
      capabilities: { 'postcopy-preempt': true, 'zero-page-detection': true },
      congestionControl: 'cubic',
      repeat: 1,
      seed: 1,
      warmupMs: 2000,
      pingIntervalMs: 1,
    });
  });

  test('the default dirty rate rewrites the region twice a second, up to 131,072 pages/s', () => {
    const rate = (region: string): number =>
      valid({ guest: '4GiB', workload: `stress:${region}` }).workload.dirtyRatePagesPerSecond;
    expect(rate('64MiB')).toBe(2 * 16_384);
    expect(rate('256MiB')).toBe(131_072);
    expect(rate('1GiB')).toBe(131_072);
  });

  test('footprint and region may be shares of the RAM, in whole pages', () => {
    const document = { guest: '30MiB,baseFootprint=25%', workload: 'stress:75%@flat-out' };
    const { guest, workload } = valid(document);
    expect(workload.regionBytes).toBe(22.5 * mebibyte);
    expect(guest.baseFootprintBytes).toBe(7.5 * mebibyte);
    expect(valid({ guest: '8MiB', workload: 'stress:33.3%' }).workload.regionBytes % 4096).toBe(0);
    expect(problemsOf({ workload: 'stress:101%' })).toEqual([
      'workload.region: expected at most 100% of the guest\'s RAM, got "101%"',
    ]);
    expect(problemsOf({ guest: '8MiB,baseFootprint=50%', workload: 'stress:75%' })).toHaveLength(1);
    expect(problemsOf({ guest: '75%' })[0]).toMatch(/^guest.ram: expected a size like 256MiB or 1GiB/);
  });

  test('footprint and region fit in the smallest guest', () => {
    const { guest, workload } = valid({ guest: { ram: '8MiB' } });
    expect(guest.baseFootprintBytes + workload.regionBytes).toBeLessThanOrEqual(guest.ramBytes);
    expect(workload.regionBytes).toBeGreaterThan(0);
  });

  test('they may fill the RAM, and no more', () => {
    const region = (size: string) => ({ guest: '1GiB,baseFootprint=512MiB', workload: `stress:${size}` });
    expect(valid(region('512MiB')).workload.regionBytes).toBe(512 * mebibyte);
    expect(valid({ guest: '1GiB,baseFootprint=100%', workload: 'idle' }).guest.baseFootprintBytes).toBe(
      1024 * mebibyte,
    );
    for (const document of [
      region('524292KiB'),
      { guest: '1GiB,baseFootprint=100%', workload: 'stress:4KiB' },
    ])
      expect(problemsOf(document)).toEqual([expect.stringMatching(/^guest\.ram: 1 GiB can't hold/)]);
  });

  test('an idle guest has no region and dirties nothing', () => {
    expect(valid({ workload: 'idle' }).workload).toMatchObject({
      regionBytes: 0,
      dirtyRatePagesPerSecond: 0,
    });
  });
});

describe('short forms', () => {
  test('guest', () => {
    expect(valid({ guest: '2GiB,vcpus=2,deviceState=4MiB,prealloc=false' }).guest).toMatchObject({
      ramBytes: 2048 * mebibyte,
      vcpus: 2,
      deviceStateBytes: 4 * mebibyte,
      prealloc: false,
    });
  });

  test.each([
    ['stress:64MiB@40000', 64 * mebibyte, 40_000],
    ['stress:64MiB@flat-out', 64 * mebibyte, 0],
    ['stress:64MiB@160MiB/s', 64 * mebibyte, 40_960],
    ['stress@40000', 256 * mebibyte, 40_000],
    ['stress:64MiB@40000,content=random', 64 * mebibyte, 40_000],
  ])('workload %s', (text, regionBytes, dirtyRatePagesPerSecond) => {
    expect(valid({ workload: text }).workload).toMatchObject({ regionBytes, dirtyRatePagesPerSecond });
  });
});

describe('switches of the agent', () => {
  test('as given in a file and on the command line', () => {
    const scenario = valid(
      { limits: { maxBandwidthMbps: 4400 }, transfer: { dirtyBitmap: false } },
      {
        workload: 'hotspot,content=uniform,hotRegionFraction=0.5',
        limits: { maxPostcopyBandwidthMbps: '300' },
        capabilities: 'uniform-pages,postcopy-preempt=blocking',
      },
    );
    expect(scenario.limits).toMatchObject({ maxBandwidthMbps: 4400, maxPostcopyBandwidthMbps: 300 });
    expect(scenario.transfer).toEqual({ dirtyBitmap: false });
    expect(scenario.capabilities).toEqual({
      ...defaultCapabilities,
      'postcopy-preempt': 'blocking',
      'uniform-pages': true,
    });
    expect(scenario.workload).toMatchObject({
      name: 'hotspot',
      content: 'uniform',
      hotRegionFraction: 0.5,
    });
  });

  test('that have no effect are refused, all at once', () => {
    const limits = { maxBandwidthMbps: 100, maxPostcopyBandwidthMbps: 100, postcopyPushDelayMs: 5 };
    const transfer = { dirtyBitmap: false };
    const capabilities = 'postcopy-preempt=blocking,multifd=2';
    expect(problemsOf({ strategy: 'pre-copy', limits, transfer, capabilities })).toEqual([
      expect.stringMatching(/^limits\.maxPostcopyBandwidthMbps: pre-copy has no post-copy; did you mean/),
      expect.stringMatching(/^capabilities: postcopy-preempt: pre-copy has no demand faults/),
      expect.stringMatching(
        /^capabilities: postcopy-preempt: blocking needs a single stream .* got 2 channels$/,
      ),
      expect.stringMatching(/^capabilities: postcopy-preempt: blocking answers faults only through the push/),
      expect.stringMatching(
        /^transfer\.dirtyBitmap: without a dirty bitmap, all pages of pre-copy would stay pending/,
      ),
    ]);
    expect(problemsOf({ strategy: 'post-copy', limits: { maxBandwidthMbps: 100 } })).toEqual([
      expect.stringMatching(/^limits\.maxBandwidthMbps: post-copy sends no page before the switchover/),
    ]);
    expect(problemsOf({ strategy: 'post-copy', transfer: { dirtyBitmap: false } })).toEqual([
      expect.stringMatching(/^transfer\.dirtyBitmap: post-copy sends every page once/),
    ]);
  });

  test.each([
    ['post-copy', { limits: { maxPostcopyBandwidthMbps: 100 }, capabilities: 'postcopy-preempt=off' }],
    ['pre-copy', { limits: { maxBandwidthMbps: 100 }, capabilities: 'uniform-pages,multifd=4' }],
    ['stop-and-copy', { limits: { maxBandwidthMbps: 100 } }],
    ['hybrid', { limits: { postcopyPushDelayMs: 5 }, capabilities: 'postcopy-preempt=off' }],
  ])('that have an effect are accepted (%s)', (strategy, document) => {
    valid({ strategy, ...document });
  });

  test.each([
    [{ capabilities: 'postcopy-preempt=block' }, /expected blocking, on, off, got "block"/],
    [{ transfer: { dirtyBitmap: 'yes' } }, /expected true or false, got "yes"/],
    [{ limits: { stallWindowMs: 5 } }, /^limits.stallWindowMs: belongs to convergence=stall, not to hybrid/],
    [
      { strategy: 'pre-copy', limits: { hybridRounds: 2 } },
      /^limits.hybridRounds: belongs to hybrid, not to pre-copy/,
    ],
    [{ limits: { maxBandwidthMbps: -1 } }, /expected a whole number from 0 to 100000, got -1/],
    [{ workload: 'stress,content=unifrom' }, /unknown content "unifrom"; did you mean "uniform"\?/],
    [{ workload: 'idle,content=uniform' }, /^workload\.content: belongs to .*stress, .*; idle takes none/],
    [
      { workload: 'stress,pattern=random' },
      /^workload\.pattern: belongs to read; stress takes region, content, dirtyRate/,
    ],
    [{ workload: 'stress,uniform' }, /workload: unknown key "uniform"/],
  ])('%j is refused', (document, pattern) => {
    expect(problemsOf(document)).toEqual([expect.stringMatching(pattern)]);
  });
});

describe('settings that could never give a result', () => {
  test.each<[object, RegExp | null]>([
    [{ pingIntervalMs: 50 }, null],
    [
      { pingIntervalMs: 51 },
      /^pingIntervalMs: expected a whole number from 1 to 50, got 51: pings further apart/,
    ],
    [{ pingIntervalMs: 100 }, /^pingIntervalMs: /],
    [{ pingIntervalMs: 1000 }, /^pingIntervalMs: /],
    [{ seed: 2 ** 32 - 1 }, null],
    [{ seed: 2 ** 32 - 2, repeat: 2 }, null],
    [{ seed: 2 ** 32 - 1, repeat: 2 }, /^seed: run i has seed \+ i; with 2 runs/],
  ])('%j', (document, pattern) => {
    if (pattern === null) valid(document);
    else expect(problemsOf(document)).toEqual([expect.stringMatching(pattern)]);
  });

  test('the longest ping interval allowed gives a usable result, and a longer one would not', () => {
    const checkAt = (pingIntervalMs: number, lateMs: number) =>
      checkDowntime({
        measurement: {
          downtimeMs: 40,
          downtimeStartMs: 1000,
          downtime: {
            pauseMs: 1,
            finalPagesMs: 0,
            deviceStateMs: 0,
            propagationMs: 0,
            loadMs: 0,
            resumeMs: 0,
          },
          observed: {
            ...observedAt,
            resolutionMs: pingIntervalMs + lateMs,
            handoverGapMs: 46 + pingIntervalMs,
          },
        } as CrossCheckInput['measurement'],
        links: [
          { fromMs: -Infinity, untilMs: Infinity, profile: paperProfile, rttMs: 5, postcopyWindowBytes: 0 },
        ],
        timelineLateMs: null,
        pingIntervalMs,
      }).verdict;
    // A timer that is as late as the scheduler's slack.
    expect(checkAt(50, 25)).toBe('agree');
    expect(checkAt(101, 0)).toBe('disagree');
  });
});

describe('overrides', () => {
  test('are merged into a section key by key', () => {
    const scenario = valid(
      { guest: { ram: '512MiB', vcpus: 2 }, limits: { maxRounds: 7 } },
      { guest: '1GiB', limits: { downtimeLimitMs: '50' } },
    );
    expect(scenario.guest).toMatchObject({ ramBytes: 1024 * mebibyte, vcpus: 2 });
    expect(scenario.limits).toMatchObject({ maxRounds: 7, downtimeLimitMs: 50 });
  });

  test('replace a workload as a whole', () => {
    const scenario = valid(
      { workload: { name: 'hotspot', region: '64MiB', hotWriteFraction: 0.5 } },
      { workload: 'idle' },
    );
    expect(scenario.workload).toMatchObject({ name: 'idle', regionBytes: 0 });
  });

  test('a wrong value in the file does not matter once overridden', () => {
    expect(valid({ link: 'nowhere' }, { link: 'lan-1g' }).link).toBe('lan-1g');
  });
});

describe('problems', () => {
  test('all at once: values, names, unknown keys, rules over several fields', () => {
    const problems = problemsOf({
      lnk: 'lan-1g',
      link: 'colerain-dublin',
      strategy: 'precopy',
      guest: { ram: '64MiB', vcpus: 9, vcpu: 1 },
      workload: { name: 'stress', region: '128MiB' },
      limits: 5,
      repeat: 0,
    });
    const expected = [
      /^link: unknown link "colerain-dublin"; did you mean "coleraine-dublin"\?/,
      /^strategy: unknown strategy "precopy"; did you mean "pre-copy"\?/,
      /^guest\.vcpus: expected a whole number from 1 to 8, got 9$/,
      /^guest: unknown key "vcpu"; did you mean "vcpus"\?/,
      /^limits: expected downtimeLimitMs, .*, got 5$/,
      /^repeat: expected a whole number from 1 to 1000, got 0$/,
      /^unknown key "lnk"; did you mean "link"\?/,
      /^guest\.ram: 64 MiB can't hold the base footprint/,
    ];
    for (const pattern of expected) expect(problems).toContainEqual(expect.stringMatching(pattern));
    expect(problems).toHaveLength(expected.length);
  });

  test('a rule over several fields is silent when one of them is already wrong', () => {
    expect(problemsOf({ guest: { ram: 'huge' }, workload: 'stress:8GiB' })).toEqual([
      expect.stringMatching(/^guest\.ram: expected a size like/),
    ]);
    expect(problemsOf({ guest: 7, workload: 'stress:8GiB' })).toEqual([
      expect.stringMatching(/^guest: expected ram, /),
    ]);
  });

  test.each([
    ['too small', '4MiB'],
    ['too large', '17GiB'],
    ['not of whole pages', '8388609'],
    ['in decimal units', '1GB'],
  ])('RAM %s', (_what, ram) => {
    expect(problemsOf({ guest: { ram }, workload: 'idle' })).toEqual([
      expect.stringMatching(/^guest\.ram: /),
    ]);
  });

  test.each([
    [{ workload: 'idle:64MiB' }, /^workload\.region: belongs to .*; idle takes none/],
    [{ workload: 'stress:0' }, /stress needs a region/],
    [
      { workload: { name: 'stress', hotWriteFraction: 0.5 } },
      /^workload\.hotWriteFraction: belongs to hotspot, read,pattern=hot-set, service,locality=hot-set; stress takes/,
    ],
    [
      { workload: { name: 'hotspot', hotWriteFraction: 1.5 } },
      /expected a number above 0 and up to 1, got 1.5/,
    ],
    [{ workload: 'stress@-1' }, /expected auto, flat-out, pages per second/],
    [{ seed: 1.5 }, /whole number/],
    [{ seed: '' }, /whole number/],
    [{ link: null }, /name of a link, got null/],
  ])('%j', (document, pattern) => {
    expect(problemsOf(document)).toEqual([expect.stringMatching(pattern)]);
  });

  test.each([['a text'], [[1, 2]], [42]])('a document that is %j', (document) => {
    expect(problemsOf(document)).toEqual([expect.stringMatching(/^expected keys like link/)]);
  });
});
