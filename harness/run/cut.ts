import { connectAgent } from '../control-client.ts';
import type { ReachableRun } from './running.ts';

/** The router's agent answers when the link is whole again; it may take so much longer. */
const marginMs = 30_000;

/**
 * Lets nothing pass between source and destination of a run for so many ms; resolves when the link is whole again.
 * @throws LivemigError LINK_NOT_APPLIED, or AGENT_UNREACHABLE where the run has ended.
 */
export const cutLink = async ({ agents, addresses }: ReachableRun, durationMs: number): Promise<void> => {
  const wan = connectAgent('wan', agents.wan);
  const between = [addresses.source, addresses.destination] as const;
  try {
    await wan.call('cutLink', { between, durationMs }, { timeoutMs: durationMs + marginMs });
  } finally {
    wan.close();
  }
};
