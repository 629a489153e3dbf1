/** A capability's value: `true` if it takes none. A capability that is off is absent. */
export type CapabilityValue = true | number | string;

/** The enabled capabilities, by name, with their values. */
export type Capabilities = Readonly<Record<string, CapabilityValue>>;

/** A capability in the handshake. */
export interface AgreedCapability {
  name: string;
  /** '' if it takes none. */
  value: string;
}
