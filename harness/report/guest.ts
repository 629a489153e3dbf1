import { capabilityDefinitions } from '#catalogue/capabilities';
import { formatMs } from '../format.ts';
import type { GuestEnd, RunResult } from '../result.ts';

/** Where a run left its guest, in words. */

const places: Readonly<Record<GuestEnd['where'], string>> = {
  nowhere: 'nowhere',
  source: 'source',
  destination: 'destination',
  lost: 'LOST',
  both: 'BOTH HOSTS',
  unknown: 'unknown',
};

/** Label, figure and detail, as the summary's table has them. */
export const guestRows = ({
  guest,
  error,
}: Pick<RunResult, 'guest' | 'error'>): [string, string, string][] => {
  // For a completed run, the integrity row says it all.
  if (error === null) return [];
  const rows: [string, string, string][] = [['guest', places[guest.where], guest.detail]];
  if (guest.advice !== null) rows.push(['what to do', '', guest.advice]);
  return rows;
};

/** vCPU time that capabilities took from the guest. */
export const throttleRows = (result: RunResult): [string, string, string][] => {
  const told =
    result.state === 'completed' ? result.measurement.capabilities : result.evidence.source?.capabilities;
  return Object.entries(told ?? {}).flatMap(([name, statistics]): [string, string, string][] => {
    const taken = capabilityDefinitions.get(name)?.takenFromGuest?.(statistics) ?? null;
    if (taken === null) return [];
    const detail = `of vCPU time ${name} took from the guest${taken.detail}`;
    return [['throttled', formatMs(taken.vcpuTimeMs), detail]];
  });
};

/** Why the guest's integrity is unknown. */
export const unverifiedText = ({ guest }: Pick<RunResult, 'guest'>): string => guest.unverified ?? '';
