import Docker from 'dockerode';
import { messageOf } from '../../../proto/errors.ts';

/** A client for the engine that DOCKER_HOST names, or that listens at the default socket. */
export const connectEngine = (): Docker => new Docker();

export const engineAddress = (): string => process.env['DOCKER_HOST'] ?? '/var/run/docker.sock';

export type EngineAnswer = { answers: true; version: string } | { answers: false; reason: string };

/** Asks the engine for its version. Never throws. */
export const askEngine = async (
  docker: Docker = connectEngine(),
  timeoutMs = 5_000,
): Promise<EngineAnswer> => {
  try {
    const late = new Promise<never>((_, reject) =>
      setTimeout(() => {
        reject(new Error(`no answer within ${String(timeoutMs)} ms`));
      }, timeoutMs).unref(),
    );
    const { Version } = await Promise.race([docker.version(), late]);
    return { answers: true, version: Version };
  } catch (error) {
    return { answers: false, reason: `no Docker engine answers at ${engineAddress()}: ${messageOf(error)}` };
  }
};

export const hasImage = async (docker: Docker, name: string): Promise<boolean> =>
  (await docker.listImages({ filters: { reference: [name] } })).length > 0;
