import { askEngine } from '#harness/testbed/docker/engine';
import { messageOf } from '#proto/errors';
import { ensureHostTools } from '#harness/doctor/host-tools';
import type { ProvidedEngine } from './private-engine.ts';
import { startPrivateEngine } from './private-engine.ts';

const tellConsole = (line: string): void => {
  console.error(`livemig: ${line}`);
};

/** Testcontainers' reaper is an image from a registry; livemig cleans up by its own labels and doesn't need it. */
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
 * A Docker engine for the tests: the running one, or else, as root on a Debian-like system, a private one. Installs
 * docker.io if dockerd is missing, and starts a dockerd with its own data root and socket and without firewall rules.
 * LIVEMIG_ENGINE=none prevents the latter. Never throws.
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
  // Without a registry, debootstrap builds the base image.
  const tools = await ensureHostTools(['dockerd', 'debootstrap'], say);
  if (tools.missing.length > 0) return { unsupported: `${found}; ${tools.reason}` };
  // Under an init system, installing the package has started the machine's own engine.
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
