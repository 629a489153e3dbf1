import { destinationCounters, noneCounted, sourceCounters } from '#catalogue/counters';
import { defaultStrategy } from '#catalogue/strategies';
import { defaultWorkload, workloads } from '#catalogue/workloads';
import { mebibyte } from '#proto/units';
import type { CompletedRun, Latency, RunResult } from '../result.ts';
import { parseScenario } from '../scenario.ts';
import type { PaperRun } from './paper-run.ts';
import { calibrationOf } from './paper-link.ts';

/** Synthetic runs in the form of results, to test a study's checks, controls and plots. */

const never: Latency = { count: 0, lost: 0, p50Ms: null, p99Ms: null, maxMs: null };
const noCpu = { agentS: 0, guestS: 0, machineBusyShare: 0 };
const noRtt = { rttP50Ms: null, rttP99Ms: null };
const noMemory = { rssBytes: 0, touchedBytes: 0, aboveTouchedBytes: 0 };

/** A migration with all counters 0 that took no time. */
const nothingMeasured: CompletedRun['measurement'] = {
  totalTimeMs: 0,
  setupTimeMs: 0,
  downtimeMs: 0,
  downtimeStartMs: 0,
  downtime: {
    pauseMs: 0,
    preSwitchoverMs: 0,
    finalPagesMs: 0,
    deviceStateMs: 0,
    propagationMs: 0,
    loadMs: 0,
    resumeMs: 0,
  },
  downtimeLimit: { limitMs: 0, decides: false, exceededMs: 0, longestPart: 'loadMs' },
  observed: {
    gapMs: 0,
    lostPings: 0,
    handoverGapMs: null,
    firstAnswerMs: null,
    routeMovedMs: null,
    resolutionMs: 0,
    latency: { before: never, during: never, after: never },
  },
  ram: noneCounted(sourceCounters),
  encodedPages: {},
  received: noneCounted(destinationCounters),
  deviceStateBytes: 0,
  capabilities: {},
  pageGoodputMbps: 0,
  wire: {
    sourceToDestinationBytes: 0,
    destinationToSourceBytes: 0,
    sourceToDestinationPackets: 0,
    destinationToSourcePackets: 0,
    droppedPackets: 0,
    observerToDestinationBytes: 0,
  },
  faults: {
    count: 0,
    minUs: null,
    p50Us: null,
    p99Us: null,
    maxUs: null,
    histogram: [],
    vcpuBlocktimeMs: [],
  },
  rounds: [
    {
      round: 1,
      phase: 'precopy',
      startMs: 0,
      durationMs: 0,
      pagesSent: 0,
      bytesSent: 0,
      pagesDirtied: 0,
      dirtyPagesPerSecond: 0,
      throughputMbps: 0,
    },
  ],
  parameterChanges: [],
  recoveries: [],
  linkCuts: [],
  guestProgress: [],
  series: { link: [], progress: [], pings: [] },
  cpu: { source: noCpu, destination: noCpu, wan: noCpu, observer: noCpu },
  memory: { source: noMemory, destination: noMemory },
};

/** A run of the default scenario in which nothing happened. */
const blankRun = (): CompletedRun => {
  // Without a document every field has its default, which is valid.
  const scenario = parseScenario({}, {}, []).scenario!;
  return {
    schemaVersion: 1,
    runId: 'on-paper',
    startedAt: '1970-01-01T00:00:00.000Z',
    durationMs: 0,
    driver: 'netns',
    link: { profile: '', backend: null, definition: null, readBack: null, calibration: null },
    strategy: scenario.strategy,
    scenario,
    environment: {
      livemigVersion: '',
      nodeVersion: '',
      kernel: '',
      cpuModel: '',
      cpus: 1,
      memoryBytes: 0,
      testbed: {},
      hosts: null,
      network: null,
      transfer: null,
    },
    crossChecks: [],
    sweep: null,
    guest: { where: 'destination', detail: '', verified: true, unverified: null, advice: null },
    endedIn: { phase: 'verify', status: 'completed' },
    state: 'completed',
    measurement: nothingMeasured,
    integrity: {
      pagesCompared: 0,
      mismatches: 0,
      firstMismatches: [],
      staleReads: 0,
      duplicateArrivals: 0,
      liveOnBothHostsMs: 0,
      host: 'destination',
    },
    error: null,
  };
};

/** What a guest does that has no region to work on. */
const withoutRegion = [...workloads.values()].find(({ hasRegion }) => !hasRegion)!.name;

/** Predicted the moment before. */
const predictedOf = ({ predicted }: PaperRun, { startedAt }: CompletedRun) => {
  const createdAt = new Date(Date.parse(startedAt) - 1).toISOString();
  return predicted === undefined
    ? {}
    : { predicted: predicted.map((each) => ({ ...each, createdAt, sha256: '0'.repeat(64) })) };
};

const settingOf = (run: PaperRun, experiment: string, blank: CompletedRun) => {
  const { part, cell, repeat, guestScale = 1, strategy = defaultStrategy, stressedBytes = 0 } = run;
  return {
    runId: [part, ...Object.values(cell), repeat, guestScale].join('/'),
    driver: 'netns' as const,
    strategy,
    scenario: {
      ...blank.scenario,
      name: experiment,
      link: run.link.profile,
      strategy,
      guest: { ...blank.scenario.guest, ramBytes: run.ramBytes ?? 12_288 * mebibyte * guestScale },
      workload: {
        ...blank.scenario.workload,
        name: stressedBytes > 0 ? defaultWorkload : withoutRegion,
        regionBytes: stressedBytes,
      },
    },
    link: calibrationOf(run.link),
    sweep: {
      sweepId: 'paper',
      name: experiment,
      experiment,
      guestScale,
      part,
      cell,
      repeat,
      ...predictedOf(run, blank),
      order: 0,
    },
  };
};

/** Bytes are sent evenly from start to end. */
const evenSeries = (totalTimeMs: number, mbps: number): CompletedRun['measurement']['series']['link'] =>
  Array.from({ length: 10 }, (_, index) => ({
    atMs: ((index + 1) * totalTimeMs) / 10,
    sourceToDestinationMbps: mbps,
    destinationToSourceMbps: mbps / 100,
  }));

type Service = NonNullable<CompletedRun['measurement']['service']>;

/** A second without a migration, and then the migration, with all errors timeouts. */
const serviceOf = (service: NonNullable<PaperRun['service']>, totalTimeMs: number): Service => {
  const span = (durationMs: number, p95Ms: number | null, errors: number): Service['during'] => {
    const requests = Math.round((service.rate * durationMs) / 1000);
    const repliesPerSecond = (1000 * (requests - errors)) / Math.max(1, durationMs);
    return {
      durationMs,
      requests,
      requestsPerSecond: service.rate,
      repliesPerSecond,
      kilobytesPerSecond: repliesPerSecond * 4,
      p50Ms: p95Ms,
      p90Ms: p95Ms,
      p95Ms,
      p99Ms: p95Ms,
      maxMs: p95Ms,
      errors,
      timeouts: errors,
      refused: 0,
      stale: 0,
      otherErrors: 0,
    };
  };
  const nothing = span(0, null, 0);
  const during = span(totalTimeMs, service.p95DuringMs, service.errorsDuring);
  const before = span(1000, service.p95BeforeMs, service.errorsBefore);
  return {
    rate: service.rate,
    lateP99Ms: 0,
    during,
    phases: { before, rounds: during, downtime: nothing, postcopy: null, after: before },
    series: [],
  };
};

const measurementOf = (run: PaperRun, { measurement: blank }: CompletedRun): CompletedRun['measurement'] => {
  const { totalTimeMs, setupTimeMs = 50, downtimeMs, transferredBytes, faults = 0 } = run;
  const wireBytes = transferredBytes * 1.04;
  return {
    ...blank,
    totalTimeMs,
    setupTimeMs,
    downtimeMs,
    downtime: { ...blank.downtime, loadMs: downtimeMs },
    ram: { ...blank.ram, transferred: transferredBytes },
    pageGoodputMbps: (transferredBytes * 8) / 1000 / (totalTimeMs - setupTimeMs),
    wire: {
      ...blank.wire,
      sourceToDestinationBytes: wireBytes,
      destinationToSourceBytes: transferredBytes * 0.01,
    },
    faults: { ...blank.faults, count: faults, p50Us: (run.faultP50Ms ?? 1) * 1000, p99Us: 9000 },
    ...(run.traffic === undefined
      ? {}
      : { traffic: [{ ...run.traffic, lostPercent: 0, before: noRtt, during: noRtt }] }),
    ...(run.service === undefined ? {} : { service: serviceOf(run.service, totalTimeMs) }),
    series: { ...blank.series, link: evenSeries(totalTimeMs, (wireBytes * 8) / 1000 / totalTimeMs) },
  };
};

/** @param blank what a run has that doesn't say it */
export const runOnPaper = (run: PaperRun, experiment: string, blank = blankRun()): RunResult => {
  const setting = settingOf(run, experiment, blank);
  if (run.error === undefined) return { ...blank, ...setting, measurement: measurementOf(run, blank) };
  return {
    ...blank,
    ...setting,
    state: 'failed',
    measurement: null,
    error: { code: run.error, message: `it ended with ${run.error}` },
    evidence: {
      source: null,
      destination: null,
      rounds: [1, 2].flatMap(() => blank.measurement.rounds),
      linkCuts: [],
      measurement: null,
    },
  };
};
