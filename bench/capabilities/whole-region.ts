/** A scenario whose whole guest is the workload's region, so that its content is what the scenario chooses. */
export const wholeRegion = (
  driver: string,
  link: string,
  content: string,
  capabilities: string,
): Record<string, unknown> => ({
  driver,
  link,
  strategy: 'stop-and-copy',
  guest: { ram: '1GiB', baseFootprint: 0 },
  workload: { name: 'stress', region: '1GiB', dirtyRate: 100, content },
  warmupMs: 200,
  capabilities,
});
