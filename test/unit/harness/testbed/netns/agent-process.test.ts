import { expect, jest, test } from '@jest/globals';
import { startAgent } from '#harness/testbed/netns/agent-process';
import type { Cell } from '#harness/testbed/netns/cell';

test('an agent that could not be started has no process to end', async () => {
  const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
  try {
    const cell = { enter: () => ['/no/such/program'] } as unknown as Cell;
    const agent = startAgent(cell, 'source', 'agent.ts', '/no/such/agent.sock');
    await agent.kill(5000);
    expect(kill).not.toHaveBeenCalled();
    expect(await agent.look()).toMatchObject({ state: 'ended', how: expect.stringContaining('ENOENT') });
  } finally {
    kill.mockRestore();
  }
});
