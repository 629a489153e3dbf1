import { violationsOf } from '#harness/measure/integrity';
import type { RunResult } from '#harness/result';
import { sizeOf } from '#harness/run/verification';

/**
 * A run with nothing wrong but how long its guest was silent. In user-mode Linux one slow CPU carries guest, agents and
 * observer, and itself waits for a CPU of the machine's, so that the observer may hear late; no claim about times is
 * made there.
 */
export const isOnlyMistimed = ({ state, error, crossChecks }: RunResult): boolean =>
  state === 'invalid' &&
  error.code === 'CROSS_CHECK_FAILED' &&
  crossChecks.every(({ name, verdict }) => verdict !== 'disagree' || name === 'downtime');

/** What is wrong with a run inside user-mode Linux, one line each; empty where nothing is. Pure. */
export const objectionsTo = (run: RunResult | null): string[] => {
  if (run === null) return ['there is no result'];
  if (run.state !== 'completed' && !isOnlyMistimed(run)) return [`${run.state}: ${run.error.message}`];
  const { environment, link, scenario, integrity, crossChecks } = run;
  const measurement = run.state === 'completed' ? run.measurement : run.evidence.measurement;
  if (measurement === null || integrity === null) return ['nothing was measured, or no page compared'];
  const leastBytes = scenario.guest.baseFootprintBytes;
  const readBack = [link.readBack?.sourceToDestination, link.readBack?.destinationToSource];
  const wireBytes = crossChecks.find(({ name }) => name === 'wire-bytes');
  const problems: [boolean, string][] = [
    [environment.cpuModel !== 'UML', `it ran on ${environment.cpuModel}`],
    [link.backend !== 'netem', `the link is made of ${link.backend ?? 'nothing'}`],
    [
      !readBack.every((text) => text?.includes('netem') && text.includes('tbf')),
      'netem and tbf do not read back',
    ],
    [link.calibration?.ok !== true, 'the link is not calibrated'],
    [integrity.host !== 'destination', `the guest ended up at the ${integrity.host}`],
    [wireBytes?.verdict !== 'agree', "the router's count was not held against the source's"],
    [
      measurement.wire.sourceToDestinationBytes < leastBytes,
      `fewer than ${leastBytes} bytes crossed the link`,
    ],
    [measurement.observed.handoverGapMs === null, 'the observer heard only one of the hosts'],
  ];
  return [
    ...violationsOf(integrity, sizeOf(scenario)),
    ...problems.filter(([isWrong]) => isWrong).map(([, problem]) => problem),
  ];
};
