import { capabilityDefinition, capabilityNames } from '../../proto/capabilities.ts';
import { isStrategyFile } from '../../proto/strategy.ts';
import type { CrossCheck } from './cross-checks.ts';
import type { Scenario } from './types.ts';

/** A switch that has no effect is refused: a result would name an experiment that was not made. */

/** What a strategy of the user's own makes of a switch isn't known: it is refused none. */
const hasPostcopy = ({ strategy }: Scenario): boolean =>
  strategy === 'post-copy' || strategy === 'hybrid' || isStrategyFile(strategy);

const withoutBitmap = (strategy: Scenario['strategy']): string =>
  strategy === 'pre-copy'
    ? 'without it pre-copy would have all pages pending for ever'
    : `${strategy} sends every page once, and needs none`;

/** Capabilities that make no sense in this migration, in their own words. */
const capabilityCheck: CrossCheck = {
  reads: ['strategy', 'limits.hybridRounds', 'transfer', 'capabilities'],
  problem: ({ strategy, limits, transfer, capabilities }, document) => {
    const problems = capabilityNames.flatMap((name) => {
      const isWanted = capabilities[name] !== undefined && document.capabilities?.[name] !== undefined;
      const why = isWanted
        ? capabilityDefinition(name).refuses?.({ strategy, limits, transfer, capabilities })
        : undefined;
      return why === undefined ? [] : [`capabilities: ${name}: ${why}`];
    });
    return problems.length === 0 ? undefined : problems.join('; ');
  },
};

export const switchChecks: readonly CrossCheck[] = [
  capabilityCheck,
  {
    reads: ['strategy', 'limits.convergence'],
    problem: ({ strategy, limits }) =>
      strategy !== 'pre-copy' && !isStrategyFile(strategy) && limits.convergence !== 'qemu'
        ? `limits.convergence: ${limits.convergence} ends pre-copy, and ${strategy} ends by itself`
        : undefined,
  },
  {
    reads: ['limits.convergence', 'limits.stallWindowMs'],
    problem: ({ limits }, document) =>
      limits.convergence !== 'stall' && document.limits?.stallWindowMs !== undefined
        ? `limits.stallWindowMs: only the stall rule has a window, not ${limits.convergence}`
        : undefined,
  },
  {
    reads: ['strategy', 'limits.maxBandwidthMbps'],
    problem: ({ strategy, limits }) =>
      strategy === 'post-copy' && limits.maxBandwidthMbps > 0
        ? 'limits.maxBandwidthMbps: post-copy sends no page before the switchover; did you mean limits.maxPostcopyBandwidthMbps?'
        : undefined,
  },
  {
    reads: ['strategy', 'limits.maxPostcopyBandwidthMbps'],
    problem: (scenario) =>
      !hasPostcopy(scenario) && scenario.limits.maxPostcopyBandwidthMbps > 0
        ? `limits.maxPostcopyBandwidthMbps: ${scenario.strategy} has no post-copy; did you mean limits.maxBandwidthMbps?`
        : undefined,
  },
  {
    reads: ['strategy', 'transfer.faults'],
    problem: (scenario) =>
      !hasPostcopy(scenario) && scenario.transfer.faults !== 'preempt'
        ? `transfer.faults: ${scenario.strategy} has no demand faults to answer ${scenario.transfer.faults}; hybrid and post-copy have`
        : undefined,
  },
  {
    reads: ['transfer.faults', 'transfer.channels'],
    problem: ({ transfer }) =>
      transfer.faults !== 'preempt' && transfer.channels > 1
        ? `transfer.faults: ${transfer.faults} means one stream that carries all pages in turn, got ${transfer.channels} channels`
        : undefined,
  },
  {
    reads: ['transfer.faults', 'limits.postcopyPushDelayMs'],
    problem: ({ transfer, limits }) =>
      transfer.faults === 'blocking' && limits.postcopyPushDelayMs > 0
        ? `transfer.faults: blocking answers faults by the push alone, which limits.postcopyPushDelayMs would hold back`
        : undefined,
  },
  {
    reads: ['strategy', 'transfer.dirtyBitmap'],
    problem: ({ strategy, transfer }) =>
      !transfer.dirtyBitmap && strategy !== 'hybrid' && !isStrategyFile(strategy)
        ? `transfer.dirtyBitmap: ${withoutBitmap(strategy)}; false goes with hybrid alone`
        : undefined,
  },
];
