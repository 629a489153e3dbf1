import { strategies } from '#catalogue/strategies';
import { defaultLimits } from '#catalogue/limits';
import { stopRuleNames } from '#catalogue/stop-rules';
import type { StrategyDefinition } from '#catalogue/strategy';
import { strategyConformance } from './strategy.ts';
import type { SwitchedTo } from './strategy.ts';

const maxBandwidth: SwitchedTo = { name: 'maxBandwidthMbps', change: { limits: { maxBandwidthMbps: 400 } } };
const postcopySwitches: SwitchedTo[] = [
  { name: 'maxPostcopyBandwidthMbps', change: { limits: { maxPostcopyBandwidthMbps: 400 } } },
  { name: 'faults in-stream', change: { transfer: { faults: 'in-stream' } } },
  { name: 'faults blocking', change: { transfer: { faults: 'blocking' } } },
  {
    name: 'faults blocking, maxPostcopyBandwidthMbps',
    change: { transfer: { faults: 'blocking' }, limits: { maxPostcopyBandwidthMbps: 400 } },
  },
];
/** Short enough for a stall to be seen, and for a deadline to end what nothing else ends. */
const shorter = { stallWindowMs: 300, deadlineMs: 2000 };
const otherRules: SwitchedTo[] = stopRuleNames
  .filter((name) => name !== defaultLimits.convergence)
  .map((name) => ({
    name: `convergence ${name}`,
    change: { limits: { ...shorter, convergence: name } },
  }));

/** Every switch that a scenario may set with a strategy, by what it says of itself. */
const switchesOf = ({ traits }: StrategyDefinition): SwitchedTo[] => {
  const { precopy = true, postcopy = true, stopRule = true, noDirtyBitmap } = traits;
  const bare: SwitchedTo[] = [{ name: 'no dirtyBitmap', change: { transfer: { dirtyBitmap: false } } }];
  const blocking: SwitchedTo = {
    name: 'no dirtyBitmap, faults blocking',
    change: { transfer: { dirtyBitmap: false, faults: 'blocking' } },
  };
  return [
    ...(precopy ? [maxBandwidth] : []),
    ...(stopRule ? otherRules : []),
    ...(postcopy ? postcopySwitches : []),
    ...(noDirtyBitmap === undefined ? bare : []),
    ...(noDirtyBitmap === undefined && postcopy ? [blocking] : []),
  ];
};

for (const strategy of strategies.values())
  for (const switchedTo of switchesOf(strategy)) strategyConformance(strategy, switchedTo);
