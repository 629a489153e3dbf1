import type { Command } from 'commander';
import { calibrateScenario } from '../calibration.ts';
import { calibrationText } from '../report/calibration.ts';
import { loadScenario } from '../scenario.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { onInterrupt } from './interrupt.ts';
import { exitCodes, printJson, printText, tell } from './output.ts';
import { addScenarioOptions, overridesOf } from './run-options.ts';

const body: Body = async (_words, options, problems) => {
  const scenario = await loadScenario(undefined, overridesOf(options), problems);
  using interrupt = onInterrupt();
  try {
    const report = await calibrateScenario(scenario, interrupt.signal, (phase, detail) =>
      tell([phase, detail ?? ''].filter((part) => part !== '').join(': ')),
    );
    if (options['json'] === true) await printJson(report);
    else await printText(calibrationText(report));
    return report.ok ? exitCodes.completed : exitCodes.failed;
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  }
};

export const addCalibrateCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('calibrate')
    .summary('set up a link and measure it')
    .description(
      'Bring up a testbed, apply a link profile, measure round trip and throughput, and tear it down.',
    );
  addScenarioOptions(command, ['link', 'driver', 'backend', 'congestionControl'])
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      '\nExamples:\n  livemig calibrate --link coleraine-halifax\n  livemig calibrate --link ./my-link.yaml --driver netns --json' +
        '\n\nExit codes: 0 within tolerance, 1 out of tolerance, 2 bad input.',
    );
  withBody(command, 0, exit, body);
};
