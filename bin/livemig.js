#!/usr/bin/env node
// The `livemig` command: hands over to Node 24 and harness/cli.ts.
import { handOver } from './bootstrap.js';

await handOver('harness/cli.ts', process.argv.slice(2));
