import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Environment } from '../result.ts';
import { ownCommit } from './own-commit.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** The harness's machine, before any testbed has added to it. */
export const machineEnvironment = (): Environment => ({
  livemigVersion: version,
  ...ownCommit(),
  nodeVersion: process.version,
  kernel: release(),
  cpuModel: cpus()[0]?.model ?? 'unknown',
  cpus: cpus().length,
  memoryBytes: totalmem(),
  testbed: {},
  hosts: null,
  network: null,
  transfer: null,
});
