import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readEvent } from '#proto/event-schema';
import { faultsToldMax, messagesPerNameMax } from '#proto/events';
import { traceOf } from '../export/trace.ts';
import { jsonLinesOf } from '../files/json-lines.ts';
import { fileProblems } from '../files/places.ts';
import { formatCount } from '../format.ts';
import { summaryOf } from '../report/summary.ts';
import type { RunEvent } from '../run/events.ts';
import type { Body, Exit } from './command.ts';
import { withBody } from './command.ts';
import { oneRun, oneRunHelp } from './one-run.ts';
import { exitCodes, print, printJson, printText, tell } from './output.ts';
import { saveOrRescue } from './save.ts';

/** Commands about one stored run: `show` and `trace`. */

const showBody: Body = async (words, options, problems) => {
  const { run, eventsFile } = await oneRun(words, problems);
  if (options['json'] === true) await printJson(run);
  else await printText(summaryOf(run, eventsFile === null ? [] : [eventsFile]));
  return exitCodes.completed;
};

/** Lines of other shapes are left out, as a killed process leaves them. */
const eventsIn = async (file: string): Promise<RunEvent[]> =>
  jsonLinesOf(await readFile(file, 'utf8')).flatMap(({ document }) => {
    const event = document as Partial<RunEvent> | null | undefined;
    if (typeof event?.type !== 'string' || typeof event.atMs !== 'number') return [];
    if (event.type === 'phase' || event.type === 'timeline') return [event as RunEvent];
    return readEvent(event) ?? [];
  });

const traceBody: Body = async (words, options, problems) => {
  const others = [...problems];
  const given = options['out'];
  if (typeof given === 'string') others.push(...(await fileProblems('--out', given)));
  const { run, eventsFile } = await oneRun(words, others);
  if (eventsFile === null)
    tell('livemig: no events are kept of this run: stages, statuses, messages and faults are left out');
  const trace = traceOf(run, eventsFile === null ? [] : await eventsIn(eventsFile));
  if (typeof given !== 'string') {
    await print(JSON.stringify(trace));
    return exitCodes.completed;
  }
  await saveOrRescue(given, JSON.stringify(trace));
  const { leftOut } = trace.otherData;
  tell(
    `${given}: ${trace.traceEvents.length} events; open it in Perfetto or in chrome://tracing` +
      (leftOut === undefined ? '' : `; left out: ${leftOut}`),
  );
  return exitCodes.completed;
};

export const addStoredRunCommands = (program: Command, exit: Exit): void => {
  const show = program
    .command('show')
    .summary('show a stored run again')
    .description('Show the summary of a stored run.')
    .usage('[run] [results…] [options]')
    .option('--json', 'its document')
    .addHelpText(
      'after',
      `\n${oneRunHelp}\n\nExamples:\n  livemig show\n  livemig show 3f2a results/icclab-10g --json\n\nExit codes: 0 shown; 2 bad input.`,
    );
  withBody(show, Infinity, exit, showBody);

  const trace = program
    .command('trace')
    .summary('a run as a trace for Perfetto')
    .description(
      'Write what happened when in a run as Trace Event JSON, which Perfetto and chrome://tracing show.',
    )
    .usage('[run] [results…] [options]')
    .option('--out <file>', 'the file to write (default: standard output)')
    .addHelpText(
      'after',
      `\nStages, statuses, rounds, the parts of the downtime, demand faults, cuts and recoveries as slices; messages of the\n` +
        `migration protocol as moments, and those in bulk (pages, receipts, …) as slices with their number; throughput, bytes,\n` +
        `the guest's rates, time stalled by faults, and the observer's pings as counters. 0 is the start of the migration.\n` +
        `At most ${messagesPerNameMax} messages of a name and ${formatCount(faultsToldMax)} faults are told one by one; what is left out is counted.\n` +
        `Of a run that did not complete it has what is known: what was told while it ran, rounds, cuts, and the error.\n\n${oneRunHelp}\n\n` +
        'Examples:\n  livemig trace --out trace.json\n  livemig trace 3f2a results/icclab-10g --out trace.json\n\n' +
        'Exit codes: 0 written; 1 it could not be written; 2 bad input.',
    );
  withBody(trace, Infinity, exit, traceBody);
};
