import type { Contradiction } from 'livemig/study';
import { figure } from 'livemig/study';
import postCopyPost from '../icclab-10g/published.json' with { type: 'json' };
import published from './published.json' with { type: 'json' };

const mean = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0) / values.length;

const preCopyLimit = (): Contradiction => {
  // Without traffic every row of the table has a time, so each of these guests migrated.
  const migrated = Math.max(...published.LMvsStress.stressMB);
  return {
    id: 'pre-copy-limit-1g',
    document: `${postCopyPost.document}; ${published.document}`,
    claim: 'text: at 1 Gb/s pre-copy migrates guests with less than 32 MB of stressed memory',
    claimed: postCopyPost.preCopyLimitStressMB['1G'],
    tables: 'Table 3 of the other post',
    computed: migrated,
    unit: 'MB',
    text: `pre-copy's limit at 1 Gb/s: ${postCopyPost.preCopyLimitStressMB['1G']} MB in one post, ${migrated} MB in the other`,
  };
};

const lmFaster = (): Contradiction => {
  const pairs = published.networkTraffic.LM.map((lm, index) => ({
    lm,
    blm: published.networkTraffic.BLM[index]!,
  }));
  const slower = mean(pairs.map(({ lm, blm }) => blm / lm - 1));
  const faster = mean(pairs.map(({ lm, blm }) => 1 - lm / blm));
  return {
    id: 'lm-faster',
    document: published.document,
    claim: 'text: on average LM was 36 % faster than BLM',
    claimed: 0.36,
    tables: 'Table 1',
    computed: faster,
    unit: '',
    text: `"36% faster" is BLM ${figure(slower * 100)} % slower: LM is ${figure(faster * 100)} % faster in Table 1`,
  };
};

const zeroTrafficBaselines = (): Contradiction[] =>
  (
    [
      ['BLM', published.networkTraffic.BLM[0]!, published.BLMvsStress.unloadedNetwork[0]!, 'Table 2'],
      ['LM', published.networkTraffic.LM[0]!, published.LMvsStress.unloadedNetwork[0]!, 'Table 3'],
    ] as const
  ).map(([name, first, second, table]) => ({
    id: `zero-traffic-${name.toLowerCase()}`,
    document: published.document,
    claim: `Table 1: ${name} without traffic takes ${first} s`,
    claimed: first,
    tables: table,
    computed: second,
    unit: 's',
    text: `${name} of the same guest without traffic and stress: ${first} s in Table 1, ${figure(second)} s in ${table}`,
  }));

const bytesPerS = (mbps: number): number => (mbps * 1e6) / 8;
const mebibyte = 2 ** 20;

/** Each stressed byte must be sent at least once, as it differs from what the destination has. */
const fasterThanItsLink = (): Contradiction => {
  const { stressMB, unloadedNetwork } = published.BLMvsStress;
  const stressedBytes = (stressMB.at(-1)! - stressMB[0]!) * mebibyte;
  const reached = stressedBytes / (unloadedNetwork.at(-1)! - unloadedNetwork[0]!) / 1e6;
  const linkMBps = bytesPerS(published.networkTraffic.trafficMbps.at(-1)!) / 1e6;
  return {
    id: 'blm-faster-than-its-link',
    document: published.document,
    claim: `setting: a link of ${published.networkTraffic.trafficMbps.at(-1)!} Mb/s`,
    claimed: linkMBps,
    tables: 'Table 2',
    computed: reached,
    unit: 'MB/s',
    text: `block migration takes ${figure(reached)} MB/s of stressed memory in Table 2, over a link that carries ${figure(linkMBps)} MB/s`,
  };
};

/**
 * A guest with more stressed memory than fits the allowed downtime can't converge; the authors' other post says 300 ms.
 */
const convergedBeyondTheLimit = (): Contradiction => {
  const migrated = Math.max(...published.LMvsStress.stressMB);
  const downtimeLimitMs = Math.min(...postCopyPost.preCopyDowntimeMs);
  const fits = (bytesPerS(published.networkTraffic.trafficMbps.at(-1)!) * downtimeLimitMs) / 1000 / 1e6;
  return {
    id: 'pre-copy-beyond-its-downtime',
    document: `${postCopyPost.document}; ${published.document}`,
    claim: `the other post: pre-copy converges with a downtime of ${downtimeLimitMs} ms or more, in which this link carries ${figure(fits)} MB`,
    claimed: fits,
    tables: 'Table 3',
    computed: migrated,
    unit: 'MB',
    text: `live migration converges with ${migrated} MB stressed in Table 3, although the link carries ${figure(fits)} MB in ${downtimeLimitMs} ms`,
  };
};

/** Where the document contradicts itself or the authors' other post, computed from their printed figures. */
export const contradictions = (): Contradiction[] => [
  preCopyLimit(),
  lmFaster(),
  ...zeroTrafficBaselines(),
  fasterThanItsLink(),
  convergedBeyondTheLimit(),
];
