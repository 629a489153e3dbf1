import { LivemigError } from '../../proto/errors.ts';
import type { LinkProfile } from '../../proto/link.ts';
import type { Calibration } from '../testbed/calibrate.ts';
import { calibrate, chooseBackend } from '../testbed/calibrate.ts';
import type { Topology } from '../testbed/testbed.ts';
import type { Clients } from './clients.ts';
import type { RunPhase } from './events.ts';
import type { RunRecord } from './record.ts';

/**
 * Applies the link and finds out what it really is.
 * @param applyInstead negative control: this link is set, and must be refused.
 * @throws LivemigError UNSUPPORTED, LINK_NOT_APPLIED, or LINK_OUT_OF_TOLERANCE with the calibration in the record
 */
export const shapeLink = async (
  clients: Clients,
  topology: Topology,
  profile: LinkProfile,
  record: RunRecord,
  enter: (phase: RunPhase, detail?: string) => void,
  applyInstead?: LinkProfile,
): Promise<Calibration> => {
  enter('link', profile.name);
  const backend = await chooseBackend(clients.wan, record.scenario.backend);
  record.link.backend = backend;
  enter('calibrate', backend);
  const negativeControl = applyInstead === undefined ? {} : { applyInstead };
  const calibration = await calibrate({ clients, topology, profile, backend, ...negativeControl });
  record.link.readBack = calibration.applied.readBack;
  record.link.calibration = calibration;
  if (!calibration.ok)
    throw new LivemigError(
      'LINK_OUT_OF_TOLERANCE',
      `the link isn't what its profile ${profile.name} says: ${calibration.reasons.join('; ')}`,
    );
  return calibration;
};
