import { describe, expect, test } from '@jest/globals';
import { createProgram } from '#harness/cli/program';

const never = (): void => undefined;
const whole = await createProgram(never);
const names = whole.commands.map((command) => command.name());

describe('a command that is called', () => {
  test.each(names.filter((name) => !['completion', 'complete'].includes(name)))(
    'is loaded without the others: %s',
    async (name) => {
      const { commands } = await createProgram(never, name);
      const [alone, among] = [commands, whole.commands].map((all) =>
        all.find((command) => command.name() === name),
      );
      expect(alone?.helpInformation()).toBe(among?.helpInformation());
      expect(commands.length).toBeLessThan(names.length / 2);
    },
  );

  test.each([undefined, '--help', 'help', 'rnu', 'completion', 'complete'])(
    'is none, or tells of all of them: %s',
    async (word) => {
      const { commands } = await createProgram(never, word);
      expect(commands.map((command) => command.name())).toEqual(names);
    },
  );
});
