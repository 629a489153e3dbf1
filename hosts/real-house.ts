import { realClock } from './clock.ts';
import { setGuestCpuSource } from './cpu.ts';
import { Guest } from './guest/guest.ts';
import { hosted } from './guest/hosted.ts';
import type { Movers } from './guest/hosted.ts';
import type { House } from './house.ts';
import { createHostLoad } from './load/burners.ts';
import { incomingOverGrpc, outgoingOverGrpc } from './over-grpc.ts';
import { createProbes } from './probes.ts';
import { createTraffic } from './traffic/traffic.ts';

/** The house of an agent: guests are threads, the wire is gRPC, and the clock is the machine's. */
export const realHouse = (host: 'source' | 'destination'): House => ({
  clock: realClock,
  probes: createProbes,
  traffic: createTraffic,
  load: createHostLoad,
  boot: async (config, address, storage) => {
    const [guest, info] = await Guest.boot(config, host, address, storage);
    setGuestCpuSource(() => guest.cpuS);
    const movers: Movers = {
      clock: realClock,
      outgoing: outgoingOverGrpc,
      incoming: (machine, migration, emit) => incomingOverGrpc(machine, address, migration, emit),
    };
    return [hosted(guest, movers), info];
  },
});
