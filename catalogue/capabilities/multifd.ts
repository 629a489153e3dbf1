import { channelsMax } from '#proto/migration-bounds';
import { defineCapability } from '../capability.ts';

/** Implemented by the transfer (hosts/transfer), through the handshake's field `channels`. */
export default defineCapability({
  name: 'multifd',
  help: 'parallel bulk streams, each with its own connection',
  values: { meaning: 'streams (QEMU multifd-channels)', least: 1, most: channelsMax, whenBare: 2 },
  isOutOfAgreement: true,
  sets: (value) => ({ channels: Number(value) }),
});
