import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LivemigError } from '#proto/errors';

/** An engine to ask, and why this one. */
export interface EnginePlace {
  /** As in DOCKER_HOST. */
  host: string;
  /** Who named it: `DOCKER_HOST`, `Docker context "work"`, … */
  by: string;
  /** A directory with ca.pem, cert.pem and key.pem; null without TLS. */
  certificates: string | null;
}

/** What is looked at. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  uid: number;
  isThere: (path: string) => boolean;
  /** @throws Error where it can't be read */
  read: (path: string) => string;
}

export const ofThisMachine = (): Surroundings => ({
  env: process.env,
  home: homedir(),
  uid: userInfo().uid,
  isThere: existsSync,
  read: (path) => readFileSync(path, 'utf8'),
});

export const defaultSocket = '/var/run/docker.sock';

const parsed = (read: () => string): unknown => {
  try {
    return JSON.parse(read());
  } catch {
    // Docker's own command tells what is wrong with its files.
    return undefined;
  }
};

const at = (value: unknown, ...keys: string[]): unknown =>
  keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    value,
  ); // prettier-ignore

/** As `docker` chooses it: by DOCKER_CONTEXT, or else by `docker context use`. */
const contextName = ({ env, home, read }: Surroundings): { name: string; by: string } | null => {
  const named = env['DOCKER_CONTEXT'] ?? '';
  if (named !== '') return named === 'default' ? null : { name: named, by: 'DOCKER_CONTEXT' };
  const directory = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const current = at(
    parsed(() => read(join(directory, 'config.json'))),
    'currentContext',
  );
  return typeof current !== 'string' || current === '' || current === 'default'
    ? null
    : { name: current, by: `Docker context "${current}"` };
};

const ofContext = (around: Surroundings): EnginePlace | null => {
  const context = contextName(around);
  if (context === null) return null;
  const directory = join(around.env['DOCKER_CONFIG'] ?? join(around.home, '.docker'), 'contexts');
  // Docker keeps a context in a directory named by the digest of its name.
  const digest = createHash('sha256').update(context.name).digest('hex');
  const meta = parsed(() => around.read(join(directory, 'meta', digest, 'meta.json')));
  const host = at(meta, 'Endpoints', 'docker', 'Host');
  if (typeof host !== 'string' || host === '') {
    const why = `${context.by}: expected a context in ${directory}, found none called ${JSON.stringify(context.name)}; \`docker context ls\` lists them`;
    throw new LivemigError('BAD_INPUT', why, { problems: [why] });
  }
  const tls = join(directory, `tls/${digest}/docker`);
  return { host, by: context.by, certificates: around.isThere(join(tls, 'ca.pem')) ? tls : null };
};

/** testcontainers' own file of settings. */
const ofProperties = ({ home, isThere, read }: Surroundings): EnginePlace | null => {
  const file = join(home, '.testcontainers.properties');
  const host = isThere(file) ? /^\s*docker\.host\s*[=:]\s*(\S+)/m.exec(read(file))?.[1] : undefined;
  return host === undefined ? null : { host: host.replaceAll('\\:', ':'), by: file, certificates: null };
};

/** In the order of testcontainers: the machine's engine, a rootless one, Docker Desktop's; then podman's. */
const sockets = ({ env, home, uid }: Surroundings): { path: string; by: string }[] => {
  const runtime = env['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`;
  const rootless = `/run/user/${uid}`;
  return [
    { path: defaultSocket, by: 'the default socket' },
    ...[join(runtime, 'docker.sock'), join(home, '.docker/run/docker.sock'), join(rootless, 'docker.sock')].map(
      (path) => ({ path, by: 'rootless Docker' }),
    ),
    { path: join(home, '.docker/desktop/docker.sock'), by: 'Docker Desktop' },
    ...[join(runtime, 'podman/podman.sock'), join(rootless, 'podman/podman.sock'), '/run/podman/podman.sock'].map(
      (path) => ({ path, by: 'podman, by its Docker-compatible socket' }),
    ),
  ];
}; // prettier-ignore

/**
 * The engine to use. What is named comes first (DOCKER_HOST, testcontainers' settings, Docker's context), as `docker` and
 * testcontainers have it; then the first socket that is there.
 * @throws LivemigError BAD_INPUT for a context that there is none of
 */
export const findEngine = (around: Surroundings): EnginePlace => {
  const host = around.env['DOCKER_HOST'] ?? '';
  if (host !== '')
    return { host, by: 'DOCKER_HOST', certificates: around.env['DOCKER_CERT_PATH'] ?? null };
  const named = ofProperties(around) ?? ofContext(around);
  if (named !== null) return named;
  const found = sockets(around).find(({ path }) => around.isThere(path));
  return found === undefined
    ? { host: `unix://${defaultSocket}`, by: 'the default socket', certificates: null }
    : { host: `unix://${found.path}`, by: found.by, certificates: null };
}; // prettier-ignore
