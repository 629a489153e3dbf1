/** What a test waits for, at most. Only a test that fails waits so long. */
const patienceMs = 20_000;

/** Resolves as soon as it holds. */
export const eventually = async (what: string, holds: () => boolean): Promise<void> => {
  const untilMs = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > untilMs) throw new Error(`expected ${what} within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};
