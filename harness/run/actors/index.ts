import { announcement } from './announcement.ts';
import { cpu } from './cpu.ts';
import { events } from './events.ts';
import { history } from './history.ts';
import { hostLoad } from './host-load.ts';
import { load } from './load.ts';
import { pings } from './pings.ts';
import { router } from './router.ts';
import { timeline } from './timeline.ts';
import { traffic } from './traffic.ts';

/**
 * The actors of a run, by their names. They start in this order within a stage, and stop in reverse, so that the router
 * counts the observer's last ping. A load that a scenario asks for joins here, by the scenario's setting.
 */
export const actorsOf = () => {
  const { load: cpuLoad, meter } = hostLoad();
  return {
    events: events(),
    announcement: announcement(),
    // Its link is restored behind everything that measures it.
    timeline: timeline(),
    router: router(),
    traffic: traffic(),
    // Behind traffic, whose processes aren't the host's.
    hostLoad: cpuLoad,
    hostLoadMeter: meter,
    load: load(),
    pings: pings(),
    history: history(),
    cpu: cpu(),
  };
};
