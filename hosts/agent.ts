/**
 * The process inside every virtual host: serves the management plane and the methods of its role. No policy here.
 * usage: node hosts/agent.ts ROLE LISTEN     e.g. node hosts/agent.ts source unix:/run/source.sock
 * Callers must know LIVEMIG_CONTROL_TOKEN if that is set. With LIVEMIG_LEASE_MS the agent ends when its harness does.
 */
import { release } from 'node:os';
import { controlTokenVariable } from '#proto/agent-address';
import type { AgentRole, ControlHandlers } from '#proto/control';
import { agentRoles } from '#proto/control';
import { messageOf } from '#proto/errors';
import { leaseGraceMs, leaseLostExitCode, leaseSilenceMs, leaseVariable } from '#proto/lease';
import { spareThreadsVariable } from '#proto/spare-threads';
import { monotonicMs } from '#proto/units';
import { addressed } from './addressed.ts';
import { admitWith } from './control-admission.ts';
import { serveControl } from './control-server.ts';
import { cpuUsage } from './cpu.ts';
import { Lease } from './lease.ts';
import { configureNetwork } from './network.ts';
import { Refusals } from './refusals.ts';
import { renewable } from './renewable.ts';
import type { Role } from './role.ts';

const say = (what: string): void => {
  console.error(`livemig agent: ${what}`);
};

const spareThreads = async (): Promise<void> => {
  const { prepareThreads } = await import('./guest/threads.ts');
  await prepareThreads();
};

/** Loaded on demand, so that a router doesn't carry the guest, nor a hypervisor the NFQUEUE bindings. */
const loadRole = async (role: AgentRole): Promise<() => Role> => {
  switch (role) {
    case 'source':
    case 'destination': {
      // Before anything is measured, and while this process loads its own code.
      const prepared = process.env[spareThreadsVariable] === '1' ? spareThreads() : undefined;
      const [{ createHypervisor }] = await Promise.all([import('./hypervisor.ts'), prepared]);
      return () => createHypervisor(role);
    }
    case 'wan':
      return (await import('./wan/router.ts')).createRouter;
    case 'observer':
      return (await import('./observer/observer.ts')).createObserver;
    case 'storage':
      return (await import('./storage/storage.ts')).createStorage;
  }
};

const [roleName, listen] = process.argv.slice(2);
const role = agentRoles.find((known) => known === roleName);
if (role === undefined || listen === undefined) {
  console.error(`usage: agent.ts ${agentRoles.join('|')} unix:/path|host:port`);
  process.exit(2);
}
const leaseText = process.env[leaseVariable] ?? '';
const isOwned = leaseText !== '';
const silenceMs = isOwned ? Number(leaseText) : leaseSilenceMs;
if (!(silenceMs >= 1 && silenceMs <= 86_400_000)) {
  console.error(`${leaseVariable}: expected from 1 to 86400000 ms, got ${JSON.stringify(leaseText)}`);
  process.exit(2);
}

// Nothing measured after it would be true. The log gets the place, without the rest of the stack.
const failed = (error: unknown): void => {
  const at = error instanceof Error ? (/\n\s+(at .*)/.exec(error.stack ?? '')?.[1] ?? '') : '';
  say(`ends, as something threw that nothing caught: ${messageOf(error)} ${at}`);
  process.exit(1);
};
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);

const makeRole = await loadRole(role);
const implementation = renewable(() => addressed(role, makeRole()));
const common: ControlHandlers = {
  hello: async () => ({ role, pid: process.pid, nodeVersion: process.version, kernel: release() }),
  configureNetwork,
  cpu: async () => cpuUsage(),
};
const refusals = new Refusals();
const tellRefused = (peer: string): void => {
  if (refusals.add())
    say(`refused a call from ${peer}, which did not bring this agent's token (${refusals.count} so far)`);
};
const token = process.env[controlTokenVariable] ?? '';
if (token === '' && !listen.startsWith('unix:'))
  say(`whoever reaches ${listen} may steer this host; ${controlTokenVariable} forbids that`);

const lease = new Lease({
  silenceMs,
  graceMs: Math.min(leaseGraceMs, silenceMs),
  isRequired: isOwned,
  ended: async (why) => {
    say(`${why}; ${isOwned ? 'this host ends' : 'what it left here goes, and this host waits for another'}`);
    try {
      if (isOwned) await close(leaseLostExitCode);
      else await implementation.renew();
    } catch (error) {
      failed(error);
    }
  },
});
const server = await serveControl(
  listen,
  { ...common, ...implementation.handlers },
  implementation.events,
  token === '' ? undefined : admitWith(token, tellRefused),
  lease,
);
// An agent that was itself stopped, or too busy to listen, must not blame the silence on its harness.
const tickMs = Math.min(1_000, silenceMs / 8);
let lookedAtMs = monotonicMs();
setInterval(() => {
  const nowMs = monotonicMs();
  lease.passed(Math.min(nowMs - lookedAtMs, 2 * tickMs));
  lookedAtMs = nowMs;
}, tickMs);
say(`${role} serves ${listen}`);

let closing = false;
const close = async (exitCode: number): Promise<void> => {
  if (closing) return;
  closing = true;
  server.close();
  await implementation.close().catch((error: unknown) => {
    say(messageOf(error));
  });
  process.exit(exitCode);
};
process.on('SIGTERM', () => void close(0));
process.on('SIGINT', () => void close(0));
