import type { TrafficFlow } from '#proto/control';
import { closeSocket, countOf, openTap } from '../sockets.ts';
import { flowFilter, lengthBits } from './flow-filter.ts';
import { interfaceIndexOf } from './libc.ts';

/**
 * Counts the bytes of some flows that leave a device, behind its queue: what the queue has dropped isn't in it, as it isn't
 * in the queue's own count. In the same unit as that: every frame with its headers.
 */
export class FlowCounter {
  readonly #taps: number[] = [];
  #bytes = 0;

  /** @throws LivemigError UNSUPPORTED, LINK_NOT_APPLIED */
  constructor(device: string, flows: readonly TrafficFlow[]) {
    const index = interfaceIndexOf(device);
    try {
      for (let bit = 0; bit < lengthBits; bit += 1) this.#taps.push(openTap(index, flowFilter(flows, bit)));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Bytes since it was made. */
  read(): number {
    this.#taps.forEach((tap, bit) => (this.#bytes += countOf(tap) * 2 ** bit));
    return this.#bytes;
  }

  close(): void {
    for (const tap of this.#taps.splice(0)) closeSocket(tap);
  }
}
