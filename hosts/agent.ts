/**
 * The process inside every virtual host: serves the management plane and the methods of its role. No policy here.
 * usage: node hosts/agent.ts ROLE LISTEN     e.g. node hosts/agent.ts source unix:/run/source.sock
 * Who calls it has to know LIVEMIG_CONTROL_TOKEN, where that is set.
 */
import { release } from 'node:os';
import { controlTokenVariable } from '../proto/agent-address.ts';
import type { ControlHandlers, HostRole } from '../proto/control.ts';
import { hostRoles } from '../proto/control.ts';
import { messageOf } from '../proto/errors.ts';
import { admitWith } from './control-admission.ts';
import { serveControl } from './control-server.ts';
import { cpuUsage } from './cpu.ts';
import { configureNetwork } from './network.ts';
import { Refusals } from './refusals.ts';
import type { Role } from './role.ts';

/** Loaded by need, so that a router doesn't carry the guest, nor a hypervisor the NFQUEUE bindings. */
const loadRole = async (role: HostRole): Promise<Role> => {
  switch (role) {
    case 'source':
    case 'destination':
      return (await import('./hypervisor.ts')).createHypervisor(role);
    case 'wan':
      return (await import('./wan/router.ts')).createRouter();
    case 'observer':
      return (await import('./observer/observer.ts')).createObserver();
  }
};

const [roleName, listen] = process.argv.slice(2);
const role = hostRoles.find((known) => known === roleName);
if (role === undefined || listen === undefined) {
  console.error(`usage: agent.ts ${hostRoles.join('|')} unix:/path|host:port`);
  process.exit(2);
}

const implementation = await loadRole(role);
const common: ControlHandlers = {
  hello: async () => ({ role, pid: process.pid, nodeVersion: process.version, kernel: release() }),
  configureNetwork,
  cpu: async () => cpuUsage(),
};
const refusals = new Refusals();
const tellRefused = (peer: string): void => {
  if (refusals.add())
    console.error(
      `livemig agent: refused a call from ${peer}, which did not bring this agent's token (${refusals.count} so far)`,
    );
};
const token = process.env[controlTokenVariable] ?? '';
if (token === '' && !listen.startsWith('unix:'))
  console.error(
    `livemig agent: whoever reaches ${listen} may steer this host; ${controlTokenVariable} forbids that`,
  );
const server = await serveControl(
  listen,
  { ...common, ...implementation.handlers },
  implementation.events,
  token === '' ? undefined : admitWith(token, tellRefused),
);
console.error(`livemig agent: ${role} serves ${listen}`);

let closing = false;
const close = async (): Promise<void> => {
  if (closing) return;
  closing = true;
  server.close();
  await implementation.close().catch((error: unknown) => {
    console.error(`livemig agent: ${messageOf(error)}`);
  });
  process.exit(0);
};
process.on('SIGTERM', () => void close());
process.on('SIGINT', () => void close());
