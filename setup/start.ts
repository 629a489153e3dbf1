/**
 * `npm start`: the CLI, on a machine that may be bare. Where no Docker engine answers, driver netns will run, and as
 * root on a Debian the tools that it calls are installed first. Arguments are the CLI's.
 */
import { askEngine } from '../harness/testbed/docker/engine.ts';
import { main } from '../harness/cli/main.ts';
import { ensureHostTools } from './host-tools.ts';

const engine = await askEngine();
if (!engine.answers) {
  const { missing, reason } = await ensureHostTools(['ip', 'tc', 'unshare', 'iptables']);
  // The driver's own probe then says what can't be done.
  if (missing.length > 0) process.stderr.write(`livemig: ${reason}\n`);
}
process.exit(await main(process.argv.slice(2)));
