import type { Command } from 'commander';
import { capabilityDefinition, capabilityNames } from '../../proto/capabilities.ts';
import type { CapabilityName } from '../../proto/capabilities.ts';
import { workloadNames } from '../../proto/guest.ts';
import type { WorkloadName } from '../../proto/guest.ts';
import type { BackendName, LinkDirection } from '../../proto/link.ts';
import { backendNames, rttMsOf } from '../../proto/link.ts';
import { strategyNames } from '../../proto/strategy.ts';
import type { StrategyName } from '../../proto/strategy.ts';
import { formatMs, formatRate } from '../format.ts';
import { unknownName } from '../nearest.ts';
import { listProfiles, loadProfile } from '../profiles.ts';
import type { DriverName } from '../testbed/testbed.ts';
import { driverNames } from '../testbed/testbed.ts';
import type { Body, Exit } from './command.ts';
import { refuse, withBody } from './command.ts';
import { exitCodes, print, printJson } from './output.ts';

interface Entry {
  name: string;
  description: string;
}

const strategies: Readonly<Record<StrategyName, string>> = {
  'stop-and-copy': 'pause, send everything, resume: the baseline without live migration',
  'pre-copy': 'send everything, resend what was dirtied, pause when the rest fits the downtime limit',
  'post-copy': 'pause, send the device state, resume at the destination, fetch pages as they are needed',
  hybrid: 'rounds of pre-copy, then post-copy for what is left',
};
const workloads: Readonly<Record<WorkloadName, string>> = {
  idle: 'a timer tick, 250 page writes a second',
  stress: 'rewrites a region over and over, like stress --vm --vm-keep',
  hotspot: 'writes a region at random, most often a small hot part of it',
  read: 'reads a region in a pattern (sequential, strided, random, hot-set) and writes nothing',
};
const drivers: Readonly<Record<DriverName, string>> = {
  docker: 'hosts are containers; needs a Docker engine',
  netns: 'hosts are network namespaces; needs nothing but Linux, as root or with user namespaces',
  attach: 'hosts that are running already, e.g. of docker compose up',
};
const backends: Readonly<Record<BackendName, string>> = {
  netem: "the kernel's own emulation (sch_netem)",
  nfqueue:
    'kernel token bucket for the rate, user space for delay, jitter and loss; for kernels without sch_netem',
};

const describe = <T extends string>(known: readonly T[], texts: Readonly<Record<T, string>>): Entry[] =>
  known.map((name) => ({ name, description: texts[name] }));

const directionText = ({ rateMbps, jitterMs, lossPercent }: LinkDirection): string =>
  [
    formatRate(rateMbps),
    jitterMs > 0 ? `jitter ${formatMs(jitterMs)}` : '',
    lossPercent > 0 ? `loss ${lossPercent} %` : '',
  ]
    .filter((part) => part !== '')
    .join(', ');

const linkEntry = (name: string): Entry => {
  const profile = loadProfile(name);
  const there = directionText(profile.sourceToDestination);
  const back = directionText(profile.destinationToSource);
  const rates = there === back ? there : `${there} there, ${back} back`;
  return { name, description: `${rates}, RTT ${formatMs(rttMsOf(profile))}: ${profile.description}` };
};

const capabilityEntry = (name: CapabilityName): Entry => {
  const { help, values } = capabilityDefinition(name);
  const given = values === undefined ? '' : `; =${values.meaning}, ${values.whenBare} where none is given`;
  return { name, description: help + given };
};

const lists: Readonly<Record<string, () => Entry[]>> = {
  links: () => listProfiles().map(linkEntry),
  strategies: () => describe(strategyNames, strategies),
  capabilities: () => capabilityNames.map(capabilityEntry),
  workloads: () => describe(workloadNames, workloads),
  drivers: () => describe(driverNames, drivers),
  backends: () => describe(backendNames, backends),
};

const body: Body = async ([what], options, problems) => {
  const known = Object.keys(lists);
  const list = what === undefined ? undefined : lists[what];
  const missing =
    what === undefined ? `expected what to list: ${known.join(', ')}` : unknownName('list', what, known);
  refuse(list === undefined ? [...problems, missing] : problems);
  const entries = list?.() ?? [];
  if (options['json'] === true) await printJson({ [what ?? '']: entries });
  else {
    const width = Math.max(...entries.map(({ name }) => name.length));
    await print(entries.map(({ name, description }) => `${name.padEnd(width)}  ${description}`).join('\n'));
  }
  return exitCodes.completed;
};

export const addListCommand = (program: Command, exit: Exit): void => {
  const command = program
    .command('list')
    .summary(`list ${Object.keys(lists).join(', ')}`)
    .description('List what can be named in scenarios and on the command line.')
    .usage(`${Object.keys(lists).join('|')} [--json]`)
    .option('--json', 'one JSON document on standard output')
    .addHelpText('after', '\nExamples:\n  livemig list links\n  livemig list strategies --json');
  withBody(command, 1, exit, body);
};
