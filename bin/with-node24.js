#!/usr/bin/env node
// Runs one of the project's TypeScript files (or, with --bin, a tool from node_modules/.bin) under Node 24.
// Written for whatever Node the machine has: it installs the npm dependencies when they are missing or stale,
// Node 24 among them, and hands over to that Node.
// usage: node bin/with-node24.js [--bin] SCRIPT [ARG …]
import { handOver } from './bootstrap.js';

const args = process.argv.slice(2);
const isTool = args[0] === '--bin';
const [script, ...rest] = isTool ? args.slice(1) : args;
if (script === undefined) {
  console.error('usage: node bin/with-node24.js [--bin] SCRIPT [ARG …]');
  process.exit(2);
}
await handOver(isTool ? `node_modules/.bin/${script}` : script, rest);
