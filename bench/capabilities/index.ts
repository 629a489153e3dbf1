import type { Benchmark } from '../bench.ts';
import { autoConverge, xbzrle } from './convergence.ts';
import { dedup } from './dedup.ts';
import { multifd } from './multifd.ts';
import { postcopyPreempt } from './postcopy-preempt.ts';
import { prepaging } from './prepaging.ts';
import { recover } from './recover.ts';
import { resends } from './resends.ts';
import { set } from './set.ts';
import { stagesOfCpu } from './stages.ts';
import { tls } from './tls.ts';
import { zeroPageDetection } from './zero-page-detection.ts';
import { zstd } from './zstd.ts';

/** What each capability buys, and what it costs. */
export const capabilities: readonly Benchmark[] = [
  multifd,
  stagesOfCpu,
  zeroPageDetection,
  xbzrle,
  zstd,
  autoConverge,
  postcopyPreempt,
  prepaging,
  resends,
  dedup,
  tls,
  set,
  recover,
];
