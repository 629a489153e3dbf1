import type { Command } from 'commander';
import { workloadNames } from '../../proto/guest.ts';
import { backendNames } from '../../proto/link.ts';
import { convergenceRules, faultModes, strategyNames } from '../../proto/strategy.ts';
import type { Section } from '../scenario.ts';
import { driverNames } from '../testbed/testbed.ts';

/** An option that sets one key of the scenario; values are checked with the scenario, not by commander. */
interface ScenarioOption {
  flags: string;
  /** As commander names it. */
  option: string;
  /** Where in the scenario it goes, e.g. `limits.downtimeLimitMs`. */
  key: string;
  help: string;
}

const names = (known: readonly string[]): string => known.join(', ');

const scenarioOptions: readonly ScenarioOption[] = [
  { flags: '--link <name>', option: 'link', key: 'link', help: 'link profile, see `livemig list links`; or the path of a file like those' }, // prettier-ignore
  { flags: '--guest <spec>', option: 'guest', key: 'guest', help: 'RAM[,vcpus=N][,baseFootprint=SIZE][,deviceState=SIZE][,prealloc=BOOL]' }, // prettier-ignore
  { flags: '--workload <spec>', option: 'workload', key: 'workload', help: `NAME[:REGION][@PAGES_PER_SECOND|@flat-out][,content=…][,pattern=…]; names: ${names(workloadNames)}` }, // prettier-ignore
  {
    flags: '--strategy <name>',
    option: 'strategy',
    key: 'strategy',
    help: `${names(strategyNames)}; or the path of a file that exports one`,
  },
  { flags: '--driver <name>', option: 'driver', key: 'driver', help: `auto, ${names(driverNames)}` },
  { flags: '--backend <name>', option: 'backend', key: 'backend', help: `auto, ${names(backendNames)}` },
  {
    flags: '--channels <n>',
    option: 'channels',
    key: 'transfer.channels',
    help: 'bulk page streams, each a connection',
  },
  { flags: '--downtime-limit <ms>', option: 'downtimeLimit', key: 'limits.downtimeLimitMs', help: 'switch over when the rest fits into it' }, // prettier-ignore
  { flags: '--convergence <rule>', option: 'convergence', key: 'limits.convergence', help: `what ends pre-copy: ${names(convergenceRules)}` }, // prettier-ignore
  { flags: '--stall-window <ms>', option: 'stallWindow', key: 'limits.stallWindowMs', help: 'no progress for so long is a stall (stall rule)' }, // prettier-ignore
  { flags: '--max-rounds <n>', option: 'maxRounds', key: 'limits.maxRounds', help: 'pre-copy fails beyond it (qemu rule)' }, // prettier-ignore
  { flags: '--max-precopy <ms>', option: 'maxPrecopy', key: 'limits.maxPrecopyMs', help: 'likewise, in ms' },
  { flags: '--hybrid-rounds <n>', option: 'hybridRounds', key: 'limits.hybridRounds', help: 'pre-copy rounds of hybrid' }, // prettier-ignore
  { flags: '--max-bandwidth <mbps>', option: 'maxBandwidth', key: 'limits.maxBandwidthMbps', help: 'cap on page messages before the switchover; 0 = none' }, // prettier-ignore
  { flags: '--max-postcopy-bandwidth <mbps>', option: 'maxPostcopyBandwidth', key: 'limits.maxPostcopyBandwidthMbps', help: "likewise, on post-copy's push" }, // prettier-ignore
  { flags: '--avail-switchover-bandwidth <mbps>', option: 'availSwitchoverBandwidth', key: 'limits.availSwitchoverBandwidthMbps', help: 'what the switchover is taken to have; 0 = as measured' }, // prettier-ignore
  { flags: '--cap <list>', option: 'cap', key: 'capabilities', help: 'NAME[=VALUE][,…], =off to do without; see `livemig list capabilities`' }, // prettier-ignore
  { flags: '--faults <mode>', option: 'faults', key: 'transfer.faults', help: `how demand faults are answered: ${names(faultModes)}` }, // prettier-ignore
  { flags: '--no-dirty-bitmap', option: 'dirtyBitmap', key: 'transfer.dirtyBitmap', help: 'hybrid sends every page again after the switchover' }, // prettier-ignore
  { flags: '--uniform-pages', option: 'uniformPages', key: 'transfer.uniformPages', help: 'a page that repeats 16 bytes travels as these' }, // prettier-ignore
  { flags: '--congestion-control <name>', option: 'congestionControl', key: 'congestionControl', help: 'of TCP, e.g. cubic, bbr' }, // prettier-ignore
  {
    flags: '--warmup <ms>',
    option: 'warmup',
    key: 'warmupMs',
    help: 'how long the workload runs before the migration',
  },
  { flags: '--repeat <n>', option: 'repeat', key: 'repeat', help: 'runs; run i uses seed + i' },
  { flags: '--seed <n>', option: 'seed', key: 'seed', help: 'of page contents and workload' },
];

/** Declares the options that override a scenario. */
export const addScenarioOptions = (command: Command, only?: readonly string[]): Command => {
  for (const { flags, option, help } of scenarioOptions)
    if (only === undefined || only.includes(option)) command.option(flags, help);
  return command;
};

/** The options that were given, as a scenario document. */
export const overridesOf = (options: Readonly<Record<string, unknown>>): Section => {
  const overrides: Section = {};
  for (const { flags, option, key } of scenarioOptions) {
    const value = options[option];
    // commander presets what a --no-option negates: only the negation was given.
    if (value === undefined || (value === true && flags.startsWith('--no-'))) continue;
    const [section = key, field] = key.split('.');
    if (field === undefined) overrides[section] = value;
    else overrides[section] = { ...(overrides[section] as Section | undefined), [field]: value };
  }
  return overrides;
};
