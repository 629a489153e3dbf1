import { LivemigError, messageOf } from '#proto/errors';

/**
 * Runs a study's code, which may throw anything.
 * @param what is run, for the message: `check 1a`
 * @throws LivemigError BAD_INPUT that names the study and the failed part
 */
export const ownCode = <T>({ name }: { name: string }, what: string, run: () => T): T => {
  try {
    return run();
  } catch (cause) {
    const problem = `study ${name}: ${what} throws: ${messageOf(cause)}; fix it in the study's folder`;
    throw new LivemigError('BAD_INPUT', problem, { cause, problems: [problem] });
  }
};
