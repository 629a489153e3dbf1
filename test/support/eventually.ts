/** How long a test waits at most. Only a failing test waits this long. */
const patienceMs = 20_000;

/** Resolves as soon as the condition holds. */
export const eventually = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const untilMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > untilMs) throw new Error(`expected ${what} within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
