import { constants, zstdCompressSync } from 'node:zlib';
import type { RunResult } from '../result.ts';

/** It is done once, and read often. */
const level = 19;

/** Results as they are stored, a line each: what `validate`, `report` and `compare` read. */
export const resultLines = (runs: readonly RunResult[], isCompressed: boolean): Buffer => {
  const lines = Buffer.from(runs.map((run) => `${JSON.stringify(run)}\n`).join(''));
  return isCompressed
    ? zstdCompressSync(lines, { params: { [constants.ZSTD_c_compressionLevel]: level } })
    : lines;
};
