import Docker from 'dockerode';
import { LivemigError, messageOf } from '#proto/errors';
import { within } from '#harness/within';
import type { EnginePlace } from './find-engine.ts';
import { defaultSocket, findEngine, ofThisMachine } from './find-engine.ts';

/** What was put into the environment here, and not by the user. */
let settled: EnginePlace | null = null;

/**
 * The engine that runs use. dockerode and testcontainers both read the environment, so one that was found elsewhere is
 * named there. It is looked for anew each time: an engine may have been started meanwhile.
 * @throws LivemigError BAD_INPUT for a Docker context that there is none of
 */
const enginePlace = (): EnginePlace => {
  const isOurs = settled !== null && process.env['DOCKER_HOST'] === settled.host;
  if (isOurs) {
    delete process.env['DOCKER_HOST'];
    if (settled?.certificates !== null) delete process.env['DOCKER_CERT_PATH'];
  }
  const found = findEngine(ofThisMachine());
  if (found.by === 'DOCKER_HOST' || found.host === `unix://${defaultSocket}`) return found;
  settled = found;
  process.env['DOCKER_HOST'] = found.host;
  if (found.certificates !== null) {
    process.env['DOCKER_CERT_PATH'] = found.certificates;
    process.env['DOCKER_TLS_VERIFY'] = '1';
  }
  return found;
};

export const engineAddress = (): string => enginePlace().host;

/** Schemes that dockerode takes; an address without one is a TCP host and port. */
const schemes = /^(unix|npipe|tcp|http|https|ssh):\/\//;

const isAddress = (text: string): boolean => {
  if (/^(unix|npipe):\/\//.test(text)) return true;
  const url = schemes.test(text) ? text : text.includes('://') ? '' : `tcp://${text}`;
  return URL.canParse(url) && new URL(url).hostname !== '';
};

/**
 * A client for the engine that runs use.
 * @throws LivemigError BAD_INPUT where its address is none, or its certificates can't be read
 */
export const connectEngine = (): Docker => {
  const refused = (why: string, cause?: unknown): LivemigError =>
    new LivemigError('BAD_INPUT', why, { cause, problems: [why] });
  const { host, by } = enginePlace();
  if (!isAddress(host))
    throw refused(
      `${by}: expected an address like unix:///var/run/docker.sock or tcp://host:2375, got ${JSON.stringify(host)}`,
    );
  try {
    return new Docker();
  } catch (cause) {
    throw refused(`${by} ${JSON.stringify(host)} is of no use: ${messageOf(cause)}`, cause);
  }
};

export type EngineAnswer =
  | { answers: true; name: string; version: string; host: string; by: string }
  | { answers: false; reason: string };

/** Podman says in its components that it is no Docker. */
const nameOf = ({ Components }: Partial<Docker.DockerVersion>): string =>
  (Components ?? []).some(({ Name }) => /podman/i.test(Name)) ? 'podman' : 'Docker Engine';

/** Asks the engine for its version. Never throws. */
export const askEngine = async (client?: Docker, timeoutMs = 5_000): Promise<EngineAnswer> => {
  let where = '';
  try {
    const { host, by } = enginePlace();
    where = ` at ${host} (${by})`;
    const docker = client ?? connectEngine();
    const version = await within(docker.version(), timeoutMs, 'an answer');
    return { answers: true, name: nameOf(version), version: version.Version, host, by };
  } catch (error) {
    return { answers: false, reason: `no Docker engine answers${where}: ${messageOf(error)}` };
  }
};

export const hasImage = async (docker: Docker, name: string): Promise<boolean> =>
  (await docker.listImages({ filters: { reference: [name] } })).length > 0;

/** The HTTP status that an engine answered with; undefined where it is an error of another kind. */
export const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;
