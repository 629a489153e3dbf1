import { askEngine } from '../harness/testbed/docker/engine.ts';
import { messageOf } from '../proto/errors.ts';
import { ensureHostTools } from './host-tools.ts';
import { startPrivateEngine } from './private-engine.ts';

export interface ProvidedEngine {
  /** To be set for every process that is to use the engine. */
  env: Record<string, string>;
  /** For the log, e.g. `Docker Engine 20.10.24`. */
  description: string;
  /** Stops what was started for this; an engine that was there already stays. Idempotent. */
  stop(): Promise<void>;
}

const tellConsole = (line: string): void => {
  console.error(`livemig: ${line}`);
};

/** Testcontainers' reaper is an image of a registry; livemig cleans up by its own labels and needs none. */
const withoutReaper = { TESTCONTAINERS_RYUK_DISABLED: 'true' };

const findEngine = async (): Promise<ProvidedEngine | string> => {
  const engine = await askEngine();
  if (!engine.answers) return engine.reason;
  return {
    env: withoutReaper,
    description: `Docker Engine ${engine.version}`,
    stop: () => Promise.resolve(),
  };
};

/**
 * A Docker engine for the tests: the one that answers, or else, as root on a Debian-like system, a private one:
 * installs docker.io where dockerd is missing and starts a dockerd with its own data root, socket and no firewall
 * rules. LIVEMIG_ENGINE=none forbids the latter. Never throws.
 */
export const provideEngine = async (
  say: (line: string) => void = tellConsole,
): Promise<ProvidedEngine | { unsupported: string }> => {
  const found = await findEngine();
  if (typeof found !== 'string') return found;
  if (process.env['LIVEMIG_ENGINE'] === 'none')
    return { unsupported: `${found}; LIVEMIG_ENGINE=none forbids starting one` };
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return { unsupported: `${found}; starting a private one needs root on Linux` };
  // Without a registry, the image's base is made by debootstrap.
  const tools = await ensureHostTools(['dockerd', 'debootstrap'], say);
  if (tools.missing.length > 0) return { unsupported: `${found}; ${tools.reason}` };
  // Where an init system runs, installing the package has started the machine's own engine.
  const installed = await findEngine();
  if (typeof installed !== 'string') return installed;
  try {
    const engine = await startPrivateEngine();
    say(
      `started a private Docker engine for the tests (${engine.description}; LIVEMIG_ENGINE=none forbids it)`,
    );
    return { ...engine, env: { ...engine.env, ...withoutReaper } };
  } catch (error) {
    return { unsupported: `${found}; a private one did not start: ${messageOf(error)}` };
  }
};
