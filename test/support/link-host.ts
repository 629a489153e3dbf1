/**
 * Half an agent, for tests of the link alone: the router's role or the probes, without guest and migration.
 * usage: node link-host.ts router|probes unix:/path
 */
import { NEVER } from 'rxjs';
import { serveControl } from '#hosts/control-server';
import { createProbes } from '#hosts/probes';

const [kind, listen] = process.argv.slice(2);
if (listen === undefined) throw new Error('usage: link-host.ts router|probes unix:/path');
const part = kind === 'router' ? (await import('#hosts/wan/router')).createRouter() : createProbes();
const server = await serveControl(listen, part.handlers, NEVER);
process.on('SIGTERM', () => {
  server.close();
  void part.close().then(() => process.exit(0));
});
