import { LivemigError } from '#proto/errors';
import { HelperProcess } from '../helper-process.ts';
import type { HostLoad } from '../house.ts';

const isReady = (answer: object): answer is { ready: true } => 'ready' in answer;

/** Each burner is a process. */
export const createHostLoad = (): HostLoad => {
  let burners: HelperProcess[] = [];
  let isClosed = false;

  const end = async (): Promise<void> => {
    const ended = burners;
    burners = [];
    await Promise.all(ended.map((burner) => burner.end()));
  };

  return {
    handlers: {
      startBurners: async ({ count, ...load }) => {
        if (isClosed) throw new LivemigError('CANCELLED', 'the host closes, and its load with it');
        if (burners.length > 0)
          throw new LivemigError('ILLEGAL_PHASE', 'startBurners: expected a host without a load');
        burners = Array.from(
          { length: count },
          () => new HelperProcess('host load', new URL(import.meta.resolve('#hosts/load/process'))),
        );
        try {
          await Promise.all(burners.map((burner) => burner.ask({ begin: load }, isReady)));
        } catch (error) {
          await end();
          throw error;
        }
        return {};
      },
      stopBurners: async () => {
        const dead = burners.find(({ failure }) => failure !== null)?.failure ?? null;
        await end();
        if (dead !== null) throw dead;
        return {};
      },
    },
    close: async () => {
      isClosed = true;
      await end();
    },
  };
};
