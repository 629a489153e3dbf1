import type { CapabilityValue } from '../../proto/capabilities.ts';
import type { AtSource, Capability } from './capability.ts';
import { Ascending } from './prepaging/ascending.ts';
import { Bubbling } from './prepaging/bubbling.ts';
import { Growing } from './prepaging/growing.ts';

/** `forward` is what the strategies do by themselves, as QEMU does: on from the newest fault. */
const orders: Readonly<Record<string, () => AtSource>> = {
  none: () => ({ postcopyOrder: new Ascending() }),
  forward: () => ({}),
  bubbling: () => ({ postcopyOrder: new Bubbling() }),
  growing: () => ({ postcopyOrder: new Growing() }),
};

/** In which order post-copy pushes pages that nobody has asked for yet. */
export const prepaging: Capability = {
  atSource: (_, value: CapabilityValue) => orders[String(value)]?.() ?? {},
};
