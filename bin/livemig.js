#!/usr/bin/env node
// The `livemig` command. In a clone it hands over to the Node 24 among the dependencies and to harness/cli.ts; in the
// npm package it runs what that was compiled to, and it's the installer's Node that must be new enough.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const isClone = existsSync(new URL('../harness/cli.ts', import.meta.url));

const runPackage = async () => {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const [least] = /\d+/.exec(engines.node);
  if (Number(process.versions.node.split('.')[0]) < Number(least)) {
    console.error(`livemig: expected Node ${least} or newer, got ${process.versions.node}`);
    process.exit(1);
  }
  // As --disable-warning=ExperimentalWarning does, which can't be set from within.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(warning.stack);
  });
  await import('../dist/harness/cli.js');
};

if (isClone) {
  const { handOver } = await import('./bootstrap.js');
  // As in harness/compile-cache.ts, which tells what for. Known before Node starts, it also has the first file, for which
  // Node would load its TypeScript compiler each time.
  const compileCache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'livemig', 'node');
  await handOver('harness/cli.ts', process.argv.slice(2), { NODE_COMPILE_CACHE: compileCache });
} else await runPackage();
