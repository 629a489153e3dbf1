import { messageOf } from '#proto/errors';
import { provideEngine } from '#setup/engine';
import { ensureHostTools } from '#harness/doctor/host-tools';
import type { HostTool } from '#harness/doctor/host-tools';
import type { Part } from './arguments.ts';
import { runNode } from './child.ts';

/** Programs that the drivers call, and those that the tests measure with. */
const hostTools = ['ip', 'tc', 'iptables', 'ethtool', 'unshare', 'ping', 'iperf3'] as const;

/** By the part of the tests that needs them; what testbed tests with containers need comes with the engine. */
const toolsOf: Readonly<Partial<Record<Part, readonly HostTool[]>>> = {
  uml: ['ip', 'tc', 'unshare', 'user-mode-linux', 'busybox'],
  testbed: [...hostTools, 'fish', 'zsh'],
  browser: ['chromium'],
  trends: hostTools,
};
/** If no registry answers, debootstrap builds the image's base. */
const containerTools: readonly HostTool[] = ['debootstrap', 'docker-compose'];

/** Tests that lack a program are skipped, and say so themselves. */
const provide = async (names: readonly HostTool[]): Promise<void> => {
  const { missing, reason } = await ensureHostTools(names);
  if (missing.length > 0) console.error(`livemig: ${reason}`);
};

const noEngine = { LIVEMIG_ENGINE: 'none' };

export interface Preparations extends AsyncDisposable {
  /** Resolves when all available programs are installed. */
  tools: Promise<void>;
  /** How the testbed tests and the trends reach a Docker engine that has the agents' image, if there is one. */
  engine: Promise<Readonly<Record<string, string>>>;
}

/**
 * Fetches what the tests need and the machine lacks, from the start on: it waits for the network while checks and unit
 * tests compute. Disposing stops the engine.
 */
export const prepare = (parts: readonly Part[], signal: AbortSignal): Preparations => {
  let stop = (): Promise<void> => Promise.resolve();
  const names = new Set(parts.flatMap((part) => toolsOf[part] ?? []));
  const tools = names.size === 0 ? Promise.resolve() : provide([...names]);
  const provided = async (): Promise<Readonly<Record<string, string>>> => {
    await tools;
    const isNeeded = parts.includes('testbed') || parts.includes('trends');
    if (!isNeeded || signal.aborted) return noEngine;
    const engine = await provideEngine();
    if ('unsupported' in engine) {
      console.error(`livemig: no Docker tests: ${engine.unsupported}`);
      return noEngine;
    }
    stop = () => engine.stop();
    console.error(`livemig: Docker tests use ${engine.description}`);
    await provide(containerTools);
    // If this fails, so do the tests that need the image, and they show why.
    await runNode(
      ['--disable-warning=ExperimentalWarning', 'test/runner/build-image.ts'],
      engine.env,
      signal,
    );
    return engine.env;
  };
  const engine = provided().catch((error: unknown) => {
    console.error(`livemig: no Docker tests: ${messageOf(error)}`);
    return noEngine;
  });
  return {
    tools,
    engine,
    [Symbol.asyncDispose]: async () => {
      await engine;
      await stop();
    },
  };
};
