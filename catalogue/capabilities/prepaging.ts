import type { CapabilityValue } from '#proto/capabilities';
import type { AtSource } from '../capability.ts';
import { defineCapability } from '../capability.ts';
import { Ascending } from './parts/prepaging/ascending.ts';
import { Bubbling } from './parts/prepaging/bubbling.ts';
import { Growing } from './parts/prepaging/growing.ts';

/** `forward` is the strategies' own order, as in QEMU: on from the newest fault. */
const orders: Readonly<Record<string, () => AtSource>> = {
  none: () => ({ postcopyOrder: new Ascending() }),
  forward: () => ({}),
  bubbling: () => ({ postcopyOrder: new Bubbling() }),
  growing: () => ({ postcopyOrder: new Growing() }),
};

/** The order in which post-copy pushes pages that have not been requested yet. */
export default defineCapability({
  name: 'prepaging',
  help: "order of post-copy's push; by default, on from the newest fault",
  values: { meaning: 'order', words: Object.keys(orders), whenBare: 'bubbling' },
  refuses: ({ strategy, traits, settings }) =>
    traits.postcopy === false && !settings.mayStartPostcopy
      ? `${strategy} has no demand faults to prepage for`
      : settings.faults === 'blocking'
        ? 'blocking faults determine the order of the push'
        : undefined,
  atSource: (_, value: CapabilityValue) => orders[String(value)]?.() ?? {},
});
