import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { overridesOf } from '#harness/cli/run-options';
import { toErrorDocument } from '#proto/errors';
import { loadScenario, parseScenario } from '#harness/scenario';
import { listProfiles } from '#harness/profiles';

const parse = (timeline: unknown, more: object = {}) =>
  parseScenario({ link: 'coleraine-dublin-1g', timeline, ...more }, {}, listProfiles());
const entriesOf = (timeline: unknown, more: object = {}) => {
  const { scenario, problems } = parse(timeline, more);
  expect(problems).toEqual([]);
  return scenario!.timeline;
};
const problemsOf = (timeline: unknown, more: object = {}): string =>
  parse(timeline, more).problems.join('\n');

const directory = mkdtempSync(join(tmpdir(), 'livemig-timeline-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});
const file = (name: string, text: string): string => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

describe('a timeline', () => {
  test.each([undefined, 'none', []])('%j: the scenario says nothing of it', (timeline) => {
    const { scenario, problems } = parse(timeline);
    expect(problems).toEqual([]);
    expect(scenario).not.toHaveProperty('timeline');
  });

  test.each([
    [800, '800ms'],
    ['800', '800ms'],
    ['800ms', '800ms'],
    ['1.5s', '1500ms'],
    ['2min', '120000ms'],
    ['round:2', 'round:2'],
    ['round:2 + 50ms', 'round:2+50ms'],
    ['postcopy', 'postcopy-active'],
    ['postcopy+200ms', 'postcopy-active+200ms'],
    ['device', 'device'],
  ])('at %j is kept as %s', (at, text) => {
    expect(entriesOf([{ at, do: 'cut', forMs: 5 }])).toEqual([{ at: text, do: 'cut', forMs: 5 }]);
  });

  test('every action, with its keys', () => {
    const capabilities = { 'postcopy-ram': true, 'pause-before-switchover': 60 };
    const entries = entriesOf(
      [
        { at: 1, do: 'link', rateMbps: 100, sourceToDestination: { delayMs: 20 } },
        { at: 2, do: 'cut', forMs: 300 },
        { at: 3, do: 'kill', host: 'router', signal: 'STOP', forMs: 500 },
        { at: 4, do: 'set', maxBandwidthMbps: 500 },
        { at: 5, do: 'start-postcopy' },
        { at: 6, do: 'force-switchover' },
        { at: 7, do: 'continue' },
        { at: 8, do: 'kill', host: 'destination' },
        { at: 9, do: 'cancel' },
      ],
      { strategy: 'pre-copy', driver: 'netns', capabilities },
    );
    expect(entries).toEqual([
      {
        ...{ at: '1ms', do: 'link' },
        change: {
          sourceToDestination: { rateMbps: 100, delayMs: 20 },
          destinationToSource: { rateMbps: 100 },
        },
      },
      { at: '2ms', do: 'cut', forMs: 300 },
      { at: '3ms', do: 'kill', host: 'router', signal: 'STOP', forMs: 500 },
      { at: '4ms', do: 'set', limits: { maxBandwidthMbps: 500 } },
      { at: '5ms', do: 'start-postcopy' },
      { at: '6ms', do: 'force-switchover' },
      { at: '7ms', do: 'continue' },
      { at: '8ms', do: 'kill', host: 'destination', signal: 'KILL' },
      { at: '9ms', do: 'cancel' },
    ]);
  });

  test('text says the same, also as an option, which replaces the file’s', () => {
    const text = '800ms link rateMbps=100 sourceToDestination.delayMs=20; postcopy+200ms cut forMs=300';
    const entries = entriesOf([
      { at: '800ms', do: 'link', rateMbps: 100, sourceToDestination: { delayMs: 20 } },
      { at: 'postcopy+200ms', do: 'cut', forMs: 300 },
    ]);
    expect(entriesOf(text)).toEqual(entries);
    const { scenario } = parseScenario(
      { timeline: [{ at: 1, do: 'cancel' }] },
      overridesOf({ timeline: text }),
      listProfiles(),
    );
    expect(scenario!.timeline).toEqual(entries);
  });

  test.each<[unknown, string]>([
    [5, 'timeline: expected entries like'],
    [[5], 'timeline.0: expected an entry like'],
    [[{ do: 'cancel' }], 'timeline.0.at: expected a time like 800ms'],
    [[{ at: 'rond:2', do: 'cancel' }], 'timeline.0.at: unknown moment "rond"; did you mean "round:N"?'],
    [[{ at: 'round:0', do: 'cancel' }], 'timeline.0.at: expected round:N with N from 1'],
    [[{ at: 'completed', do: 'cancel' }], 'timeline.0.at: unknown moment "completed"'],
    [[{ at: -1, do: 'cancel' }], 'timeline.0.at: expected a time'],
    [[{ at: '25000min', do: 'cancel' }], 'timeline.0.at: expected at most 86400000 ms (a day)'],
    [[{ at: 1, do: 'cancle' }], 'timeline.0.do: unknown action "cancle"; did you mean "cancel"?'],
    [[{ at: 1 }], 'timeline.0.do: expected one of link, cut'],
    [[{ at: 1, do: 'cancel', forMs: 3 }], 'timeline.0.forMs: expected nothing else, as cancel takes no keys'],
    [[{ at: 1, do: 'cut' }], 'timeline.0.forMs: expected whole ms from 1 to 600000, got nothing'],
    [[{ at: 1, do: 'cut', forMs: 1e9 }], 'timeline.0.forMs: expected whole ms from 1 to 600000'],
    [[{ at: 1, do: 'link' }], 'timeline.0: expected what changes: rateMbps, delayMs'],
    [
      [{ at: 1, do: 'link', rateMbs: 5 }],
      'timeline.0.rateMbs: unknown key "rateMbs"; did you mean "rateMbps"?',
    ],
    [
      [{ at: 1, do: 'link', mtuBytes: 1400 }],
      "timeline.0.mtuBytes: expected nothing, as the hosts' routes have the link's MTU from its start: put it into the",
    ],
    [[{ at: 1, do: 'link', rateMbps: 0 }], 'timeline.0.rateMbps: expected Mb/s from 1 to 100000, got 0'],
    [
      [{ at: 1, do: 'link', destinationToSource: { delayMs: 1e6 } }],
      'timeline.0.destinationToSource.delayMs: expected ms one way',
    ],
    [[{ at: 1, do: 'link', rateMbps: 5, trace: 'x.csv' }], 'timeline.0.trace: expected either a trace or'],
    [[{ at: 1, do: 'link', jitterMs: 3 }], 'sourceToDestination.jitterMs: expected at most delayMs'],
    [
      [{ at: 1, do: 'kill', host: 'guest' }],
      'timeline.0.host: expected source, destination, router, observer',
    ],
    [[{ at: 1, do: 'kill', host: 'source', forMs: 5 }], 'timeline.0.forMs: belongs to signal STOP'],
    [[{ at: 1, do: 'kill', host: 'source', signal: 'STOP' }], 'timeline.0.forMs: expected whole ms from 1'],
    [[{ at: 1, do: 'set' }], 'timeline.0: expected what to change: downtimeLimitMs'],
    [[{ at: 1, do: 'set', maxBandwidthMbps: -1 }], 'timeline.0.maxBandwidthMbps: expected'],
    [Array.from({ length: 101 }, () => '1 cancel'), 'timeline: expected at most 100 entries, got 101'],
  ])('%j is refused', (timeline, problem) => {
    expect(problemsOf(timeline)).toContain(problem);
  });

  test('all problems are told at once, also those of other keys', () => {
    const { problems } = parse(
      [
        { at: 'soon', do: 'cut' },
        { at: 1, do: 'link', delayMs: 'far' },
      ],
      { strategy: 'precopy' },
    );
    expect(problems).toEqual([
      expect.stringContaining('strategy: unknown strategy'),
      expect.stringContaining('timeline.0.at: '),
      expect.stringContaining('timeline.0.forMs: '),
      expect.stringContaining('timeline.1.delayMs: '),
    ]);
  });

  test.each<[unknown, object, string]>([
    ['1 kill host=source', { driver: 'sim' }, 'timeline.0.do: kill: driver sim has hosts that are models'],
    [
      '1 kill host=source',
      { driver: 'attach' },
      "timeline.0.do: kill: driver attach knows only its hosts' agents",
    ],
    ['1 continue', {}, 'timeline.0.do: continue: nothing waits for it'],
    ['1 start-postcopy', { strategy: 'pre-copy' }, 'pre-copy has no post-copy: set capability postcopy-ram'],
    ['1 force-switchover', { strategy: 'stop-and-copy' }, 'stop-and-copy begins with the switchover'],
    [
      'postcopy cancel',
      { strategy: 'pre-copy' },
      'timeline.0.at: status postcopy-active never comes: pre-copy',
    ],
    ['pre-switchover cancel', {}, 'never comes: set capability pause-before-switchover'],
    [
      'round:2 cancel',
      { strategy: 'post-copy' },
      'timeline.0.at: round 2 never comes: post-copy has no rounds',
    ],
    ['1 link lossPercent=1', { driver: 'sim' }, 'timeline.0: driver sim models no lossPercent'],
    ['1 link duplicatePercent=1', { driver: 'sim' }, 'timeline.0: driver sim models no duplicatePercent'],
    ['1 link gemodel.pPercent=1 gemodel.rPercent=30', { driver: 'sim' }, 'driver sim models no gemodel'],
  ])('%j with %j is refused, as it would never happen', (timeline, more, problem) => {
    expect(problemsOf(timeline, more)).toContain(problem);
  });

  test.each<[unknown, object]>([
    ['1 kill host=source', { driver: 'netns' }],
    ['1 kill host=source', { driver: 'auto' }],
    ['1 link rateMbps=10 delayMs=50 jitterMs=5', { driver: 'sim' }],
    // One model of loss takes the other's place.
    [
      '1 link lossPercent=1; 2 link gemodel.pPercent=1 gemodel.rPercent=30; 3 link lossPercent=2',
      { driver: 'netns' },
    ],
    ['1 link lossPercent=1', { driver: 'netns' }],
    ['pre-switchover+300 continue', { driver: 'sim', capabilities: { 'pause-before-switchover': 60 } }],
    ['round:1 cancel', { strategy: 'stop-and-copy' }],
    ['postcopy cut forMs=5', { strategy: 'hybrid' }],
  ])('%j with %j is accepted (negative control)', (timeline, more) => {
    expect(problemsOf(timeline, more)).toBe('');
  });
});

describe('a scenario file', () => {
  const problemsIn = async (text: string): Promise<readonly string[]> =>
    loadScenario(file('mine.yaml', text), {}).then(
      () => [],
      (error: unknown) => toErrorDocument(error).problems ?? [],
    );

  test('every problem has its file and line', async () => {
    const text =
      'link: lan-1g\nstrategy: pre-cpy\ntimeline:\n  - { at: 1, do: cancel }\n  - at: 2\n    do: cut\n    forMs: 0\n';
    expect(await problemsIn(text)).toEqual([
      expect.stringMatching(/mine\.yaml:2: strategy: unknown strategy/),
      expect.stringMatching(/mine\.yaml:7: timeline\.1\.forMs: expected whole ms/),
    ]);
  });

  test('problems of a trace have the trace’s file and line', async () => {
    const trace = file('trace.csv', 'timeMs,rateMbps\n0,100\n0,50\n9,none\n');
    expect(await problemsIn(`link: lan-1g\ntimeline:\n  - { at: 1, do: link, trace: ${trace} }\n`)).toEqual([
      expect.stringMatching(/trace\.csv:3: expected a time after/),
      expect.stringMatching(/trace\.csv:4: rateMbps: expected Mb\/s/),
    ]);
    const lossy = file('lossy.csv', 'timeS,lossPercent\n0,0\n2,1\n');
    const timeline = `timeline: [{ at: 1, do: link, trace: ${lossy} }]\n`;
    expect(await problemsIn(`link: lan-1g\ndriver: sim\n${timeline}`)).toEqual([
      expect.stringMatching(/lossy\.csv: at 2000 ms: driver sim models no lossPercent/),
    ]);
    expect(await problemsIn(`link: lan-1g\n${timeline}`)).toEqual([]);
  });
});
