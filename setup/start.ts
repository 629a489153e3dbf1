/**
 * `npm start`: the CLI on a possibly bare machine. If no Docker engine answers, driver netns will be used, and as root
 * on Debian its tools are installed first. Arguments are the CLI's.
 */
import { askEngine } from '#harness/testbed/docker/engine';
import { main } from '#harness/cli/main';
import { ensureHostTools } from '#harness/doctor/host-tools';

const engine = await askEngine();
if (!engine.answers) {
  const { missing, reason } = await ensureHostTools(['ip', 'tc', 'unshare', 'iptables']);
  // The driver's own probe then says what can't be done.
  if (missing.length > 0) process.stderr.write(`livemig: ${reason}\n`);
}
process.exit(await main(process.argv.slice(2)));
