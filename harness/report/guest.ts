import { formatMs } from '../format.ts';
import type { RunResult } from '../result.ts';

/** Where a run has left its guest, in words. */

const places: Readonly<Record<NonNullable<RunResult['guest']>['where'], string>> = {
  nowhere: 'nowhere',
  source: 'source',
  destination: 'destination',
  lost: 'LOST',
  both: 'BOTH HOSTS',
  unknown: 'unknown',
};

/** Label, figure and detail, as the summary's table has them; nothing of results that don't say. */
export const guestRows = ({
  guest,
  error,
}: Pick<RunResult, 'guest' | 'error'>): [string, string, string][] => {
  // Of a run that completed the integrity says all of it.
  if (guest === undefined || error === null) return [];
  const rows: [string, string, string][] = [['guest', places[guest.where], guest.detail]];
  if (guest.advice !== null) rows.push(['what to do', '', guest.advice]);
  return rows;
};

/** What auto-converge took from the guest, for which nobody asked it. */
export const throttleRows = (result: RunResult): [string, string, string][] => {
  const capabilities =
    result.state === 'completed' ? result.measurement.capabilities : result.evidence.source?.capabilities;
  const { vcpuTimeTakenMs, cpuThrottlePercentage = 0 } = capabilities?.['auto-converge'] ?? {};
  if (vcpuTimeTakenMs === undefined || vcpuTimeTakenMs === 0) return [];
  return [
    [
      'throttled',
      formatMs(vcpuTimeTakenMs),
      `of vCPU time auto-converge took from the guest, which had ${100 - cpuThrottlePercentage} % of it left at the end`,
    ],
  ];
};

/** Why there is nothing to say of the guest's integrity. */
export const unverifiedText = ({ guest }: Pick<RunResult, 'guest'>): string => guest?.unverified ?? '';
