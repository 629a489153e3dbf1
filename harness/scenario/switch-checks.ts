import { capabilityDefinitions, settingsOf } from '#catalogue/capabilities';
import { refusalsOf } from '#catalogue/capability';
import { isMigratingDisk, isSharedDisk } from '#catalogue/disk-storages';
import { defaultLimits, limitsOf, takersOfLimit } from '#catalogue/limits';
import { bitmapStrategies } from '#catalogue/strategies';
import { switchoverRefusal } from '#catalogue/switchover';
import type { Prospect } from '#catalogue/stop-rule';
import { stopRules } from '#catalogue/stop-rules';
import type { LinkProfile } from '#proto/link';
import { rttMsOf } from '#proto/link';
import { loadProfile } from '../profiles.ts';
import { isSimulated } from '../testbed/testbed.ts';
import { switchoverOf } from '../timeline/types.ts';
import type { CrossCheck } from './cross-check.ts';
import type { Scenario } from './types.ts';

/** A switch without effect is rejected: the result would describe an experiment that wasn't made. */

/** Capabilities that don't apply to this migration, with their own reasons. */
const capabilityCheck: CrossCheck = {
  reads: ['strategy', 'limits', 'capabilities'],
  problem: ({ strategy, limits, capabilities }, document, traits) => {
    const use = { strategy, traits, limits, settings: settingsOf(capabilities) };
    return [...capabilityDefinitions.values()].flatMap((definition) => {
      const { name, isOnByDefault } = definition;
      const isTold = document.capabilities?.[name] !== undefined;
      if (!isTold || (capabilities[name] === undefined && isOnByDefault !== true)) return [];
      return refusalsOf(definition, use).map((why) => `capabilities: ${name}: ${why}`);
    });
  },
};

/** What waits for an order from another terminal, which reaches no run in virtual time. */
const orderCheck: CrossCheck = {
  reads: ['driver', 'capabilities', 'timeline'],
  problem: ({ driver, capabilities, timeline = [] }) =>
    !isSimulated(driver) || timeline.some((entry) => entry.do === 'continue')
      ? undefined
      : Object.entries(capabilities)
          .filter(([name, value]) => settingsOf({ [name]: value }).continueMaxMs > 0)
          .map(
            ([name]) =>
              `capabilities: ${name}: waits for \`livemig continue\`, which reaches no run of driver ${driver}: let its ` +
              'timeline continue it, leave it out, or take driver netns or docker',
          ),
};

/** What is ordered of a migration that takes too long has to be something that its strategy can do. */
const timeoutCheck: CrossCheck = {
  reads: ['strategy', 'capabilities', 'onTimeout'],
  problem: ({ strategy, capabilities, onTimeout }, document, traits) => {
    if (document.onTimeout !== undefined && document.onTimeout.afterMs === undefined)
      return 'onTimeout.afterMs: expected a time in ms, got nothing';
    const order = onTimeout === undefined ? undefined : switchoverOf[onTimeout.action];
    if (onTimeout === undefined || order === undefined) return undefined;
    const why = switchoverRefusal(order, strategy, traits, settingsOf(capabilities));
    return why === undefined ? undefined : `onTimeout.action: ${onTimeout.action}: ${why}`;
  },
};

/** Parameters of a strategy or stop rule that isn't selected. */
const limitCheck: CrossCheck = {
  reads: ['strategy', 'limits.convergence'],
  problem: ({ strategy, limits }, document) => {
    const own = limitsOf(strategy, limits);
    return Object.entries(document.limits ?? {}).flatMap(([name, given]) =>
      given === undefined || own[name] !== undefined
        ? []
        : [
            `limits.${name}: belongs to ${takersOfLimit(name).join(' and ')}, not to ${strategy} with ${limits.convergence}`,
          ],
    );
  },
};

/** The profile, if it is a sound one: what is wrong with a file is told by whoever reads it. */
const profileOf = (link: string): LinkProfile | null => {
  try {
    return loadProfile(link);
  } catch {
    return null;
  }
};

const prospectOf = ({ guest, workload, limits, capabilities }: Scenario, profile: LinkProfile): Prospect => {
  const { ramBytes, baseFootprintBytes, deviceStateBytes, disk } = guest;
  const diskBytes =
    disk === undefined || isSharedDisk(disk) ? 0 : disk.incremental ? disk.allocatedBytes : disk.sizeBytes;
  const footprintBytes = Math.min(ramBytes, baseFootprintBytes + workload.regionBytes);
  const { maxBandwidthMbps } = limits;
  const { rateMbps } = profile.sourceToDestination;
  return {
    firstRoundBytes: diskBytes + (settingsOf(capabilities).zeroPages ? footprintBytes : ramBytes),
    deviceStateBytes,
    rateMbps: maxBandwidthMbps > 0 ? Math.min(rateMbps, maxBandwidthMbps) : rateMbps,
    rttMs: rttMsOf(profile),
  };
};

/** A stop rule's promise that the link can't keep. */
const promiseCheck: CrossCheck = {
  reads: ['link', 'guest', 'workload', 'strategy', 'limits', 'capabilities'],
  problem: (scenario, _document, traits) => {
    const rule = stopRules.get(scenario.limits.convergence);
    if (rule?.refuses === undefined || traits.stopRule === false) return undefined;
    const profile = profileOf(scenario.link);
    const why = profile === null ? undefined : rule.refuses(prospectOf(scenario, profile), scenario.limits);
    return why === undefined ? undefined : `limits.convergence: ${rule.name}: ${why}`;
  },
};

export const switchChecks: readonly CrossCheck[] = [
  {
    reads: ['strategy', 'limits.convergence'],
    problem: ({ strategy, limits }, _document, traits) =>
      traits.stopRule === false && limits.convergence !== defaultLimits.convergence
        ? `limits.convergence: ${limits.convergence} ends pre-copy, but ${strategy} ends by itself`
        : undefined,
  },
  limitCheck,
  promiseCheck,
  {
    reads: ['strategy', 'limits.maxBandwidthMbps', 'guest.disk'],
    problem: ({ strategy, limits, guest }, _document, traits) =>
      traits.precopy === false && limits.maxBandwidthMbps > 0 && !isMigratingDisk(guest.disk)
        ? `limits.maxBandwidthMbps: ${strategy} sends no page before the switchover; did you mean limits.maxPostcopyBandwidthMbps?`
        : undefined,
  },
  {
    reads: ['strategy', 'limits.maxPostcopyBandwidthMbps', 'capabilities'],
    problem: ({ strategy, limits, capabilities }, _document, traits) =>
      traits.postcopy === false &&
      !settingsOf(capabilities).mayStartPostcopy &&
      limits.maxPostcopyBandwidthMbps > 0
        ? `limits.maxPostcopyBandwidthMbps: ${strategy} has no post-copy; did you mean limits.maxBandwidthMbps?`
        : undefined,
  },
  capabilityCheck,
  orderCheck,
  timeoutCheck,
  {
    reads: ['strategy', 'transfer.dirtyBitmap'],
    problem: ({ transfer }, _document, { noDirtyBitmap }) =>
      !transfer.dirtyBitmap && noDirtyBitmap !== undefined
        ? `transfer.dirtyBitmap: ${noDirtyBitmap}; false works only with ${bitmapStrategies.join(' and ')}`
        : undefined,
  },
];
