import Docker from 'dockerode';
import { LivemigError, messageOf } from '#proto/errors';
import { within } from '#harness/within';

export const engineAddress = (): string => process.env['DOCKER_HOST'] ?? '/var/run/docker.sock';

/** Schemes that dockerode takes; an address without one is a TCP host and port. */
const schemes = /^(unix|npipe|tcp|http|https|ssh):\/\//;

const isAddress = (text: string): boolean => {
  if (/^(unix|npipe):\/\//.test(text)) return true;
  const url = schemes.test(text) ? text : text.includes('://') ? '' : `tcp://${text}`;
  return URL.canParse(url) && new URL(url).hostname !== '';
};

/**
 * A client for the engine that DOCKER_HOST names, or that listens at the default socket.
 * @throws LivemigError BAD_INPUT where DOCKER_HOST is no address, or the certificates beside it can't be read
 */
export const connectEngine = (): Docker => {
  const refused = (why: string, cause?: unknown): LivemigError =>
    new LivemigError('BAD_INPUT', why, { cause, problems: [why] });
  const host = process.env['DOCKER_HOST'] ?? '';
  if (host !== '' && !isAddress(host))
    throw refused(
      `DOCKER_HOST: expected an address like unix:///var/run/docker.sock or tcp://host:2375, got ${JSON.stringify(host)}`,
    );
  try {
    return new Docker();
  } catch (cause) {
    throw refused(`DOCKER_HOST ${JSON.stringify(host)} is of no use: ${messageOf(cause)}`, cause);
  }
};

export type EngineAnswer = { answers: true; version: string } | { answers: false; reason: string };

/** Asks the engine for its version. Never throws. */
export const askEngine = async (client?: Docker, timeoutMs = 5_000): Promise<EngineAnswer> => {
  try {
    const docker = client ?? connectEngine();
    const { Version } = await within(docker.version(), timeoutMs, 'an answer');
    return { answers: true, version: Version };
  } catch (error) {
    return { answers: false, reason: `no Docker engine answers at ${engineAddress()}: ${messageOf(error)}` };
  }
};

export const hasImage = async (docker: Docker, name: string): Promise<boolean> =>
  (await docker.listImages({ filters: { reference: [name] } })).length > 0;

/** The HTTP status that an engine answered with; undefined where it is an error of another kind. */
export const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;
