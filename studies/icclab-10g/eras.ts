import type { Era } from 'livemig/study';
import { fitLine } from 'livemig/study';
import load from '../icclab-load/published.json' with { type: 'json' };
import { published } from './published.ts';
import { publishedTimeLine } from './stress.ts';

/**
 * The authors' other post has the same software on the same kind of machines. There, every migration is measured on an
 * idle and on a busy link. Bytes take k times as long on the busy one; the rest takes the same time on both: with T = O
 * + x and T' = O + kx at no stress, O = T − (T' − T) / (k − 1). k is the ratio of the slopes of block migration's
 * times.
 */

const { BLMvsStress: blm, LMvsStress: lm } = load;

const slope = (seconds: readonly number[]): number =>
  fitLine(blm.stressMB.map((stressMB, index) => [stressMB, seconds[index]!])).slope;

const busyOverIdle = (): number => slope(blm.loadedNetwork) / slope(blm.unloadedNetwork);

const orchestrationS = (): number => {
  const [idle, busy] = [lm.unloadedNetwork[0]!, lm.loadedNetwork[0]!];
  return idle - (busy - idle) / (busyOverIdle() - 1);
};

/** Each stressed byte is sent twice, so the sender's rate is two bytes over the slope. */
const senderCapMbps = (): number => (2 / publishedTimeLine('10G').slope / 1000) * 8;

const pointers = (at: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${at}/${index}`);

const loads = published.hybridTotalTime.stressMB.length;
const timeRows = (...indices: readonly number[]): string[] =>
  indices.flatMap((index) => [
    `icclab-10g#/hybridTotalTime/1G/${index}`,
    `icclab-10g#/hybridTotalTime/10G/${index}`,
  ]);

const orchestration = { name: 'orchestration', unit: 's', value: 7.4 };

export const orchestrationMs = orchestration.value * 1000;

export const openstackJuno: Era = {
  name: 'openstack-juno-2015',
  what: 'OpenStack Juno of 2015: scheduling, preparation of the destination and clean-up count as migration time',
  figures: { 'icclab-load': load, 'icclab-10g': published },
  constants: [
    {
      ...orchestration,
      document: load.document,
      table: 'Tables 2 and 3',
      formula: "O = T − (T' − T) / (k − 1), live migration without stress; k from all of block migration",
      compute: orchestrationS,
      rows: [
        'icclab-load#/LMvsStress/unloadedNetwork/0',
        'icclab-load#/LMvsStress/loadedNetwork/0',
        ...pointers('icclab-load#/BLMvsStress/unloadedNetwork', blm.stressMB.length),
        ...pointers('icclab-load#/BLMvsStress/loadedNetwork', blm.stressMB.length),
      ],
    },
    {
      name: 'senderCap',
      unit: 'Mb/s',
      value: 4386,
      document: published.document,
      table: 'Tab. 1',
      formula: '2 bytes for each stressed one, over the slope of the 10 Gb/s column',
      compute: senderCapMbps,
      rows: pointers('icclab-10g#/hybridTotalTime/10G', loads),
    },
  ],
  fixedMs: () => orchestrationMs,
  // The fast link's column bounds the sender in the part that all three are judged on, so they can't be independent of it.
  checks: {
    '4a': { rows: timeRows(0), basis: 'consistency' },
    '4b': { rows: timeRows(...Array.from({ length: loads }, (_, index) => index)), basis: 'consistency' },
    '4c': { rows: timeRows(...Array.from({ length: loads }, (_, index) => index)), basis: 'consistency' },
  },
};
