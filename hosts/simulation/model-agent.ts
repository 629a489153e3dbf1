import type { Observable } from 'rxjs';
import type { ControlHandlers, HostRole } from '#proto/control';
import type { ToldEvent } from '#proto/control-service';
import { LivemigError } from '#proto/errors';
import { addressed } from '#hosts/addressed';
import { createHypervisor } from '#hosts/hypervisor';
import { createObserver } from '#hosts/observer/observer';
import type { Role } from '#hosts/role';
import { modelHouse } from './model-house.ts';
import type { ModelNetwork } from './model-network.ts';
import { startModelPinger } from './model-pinger.ts';
import { createModelRouter } from './model-router.ts';

/** An agent without its own process or socket. */
export interface ModelAgent {
  handlers: ControlHandlers;
  events: Observable<ToldEvent>;
  close(): Promise<void>;
}

const noLoad = (): Promise<never> =>
  Promise.reject(new LivemigError('UNSUPPORTED', 'a modelled guest answers no requests'));

const roleOf = (role: HostRole, network: ModelNetwork): Role => {
  switch (role) {
    case 'source':
    case 'destination':
      return createHypervisor(role, modelHouse(network, role));
    case 'wan':
      return createModelRouter(network);
    case 'observer':
      return createObserver(startModelPinger(network), noLoad);
  }
};

export const createModelAgent = (role: HostRole, network: ModelNetwork): ModelAgent => {
  const served = addressed(role, roleOf(role, network));
  const common: ControlHandlers = {
    hello: async () => ({
      role,
      pid: process.pid,
      nodeVersion: process.version,
      kernel: 'none: a model in virtual time',
    }),
    configureNetwork: async ({ reach, gateway, address }) => {
      network.configure(role, reach);
      return {
        routes: reach.map((target) => `${target} via ${gateway} src ${address} (model)`),
        congestionControl: 'none: the model has no TCP',
        tcpRmem: 'none',
        tcpWmem: 'none',
      };
    },
    cpu: () =>
      Promise.reject(new LivemigError('UNSUPPORTED', 'a model uses no CPU time and no memory of its own')),
  };
  return {
    handlers: { ...common, ...served.handlers },
    events: served.events,
    close: () => served.close(),
  };
};
