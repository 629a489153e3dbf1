/** Whether it is worth moving guests away, so that their host can be switched off. Pure. */

/** What is predicted for one guest. */
export interface GuestToMove {
  name: string;
  totalTimeMs: number;
  downtimeMs: number;
}

export interface Power {
  /** Saved while the host is off. */
  idleW: number;
  /** Of a core at full load, beyond idling … */
  cpuW: number;
  /** … and the part of one that a migration takes, both hosts together. */
  cpuShare: number;
  /** Of the network, while a migration uses it. */
  nicW: number;
}

export interface ConsolidationPlan {
  /** What the migrations take, there and back. */
  energyJ: number;
  /** How long the host has to be off until that is saved. */
  breakEvenMs: number;
  /** How long it can be off within the horizon: without the migrations themselves. */
  offMs: number;
  savedJ: number;
  /** Of all guests, there and back, one after the other. */
  migrationMs: number;
  downtimeMs: number;
  isWorth: boolean;
  guests: readonly (GuestToMove & { energyJ: number })[];
}

/** Away, and back again at the end of the horizon. */
const ways = 2;

/** @param horizonMs until the host is needed again. */
export const planConsolidation = (
  guests: readonly GuestToMove[],
  { idleW, cpuW, cpuShare, nicW }: Power,
  horizonMs: number,
): ConsolidationPlan => {
  const energyOf = ({ totalTimeMs }: GuestToMove): number => (totalTimeMs / 1000) * (cpuShare * cpuW + nicW);
  const sum = (of: (guest: GuestToMove) => number): number =>
    ways * guests.reduce((total, guest) => total + of(guest), 0);
  const energyJ = sum(energyOf);
  const migrationMs = sum(({ totalTimeMs }) => totalTimeMs);
  const breakEvenMs = (energyJ / idleW) * 1000;
  const offMs = Math.max(0, horizonMs - migrationMs);
  return {
    energyJ,
    breakEvenMs,
    offMs,
    savedJ: (offMs / 1000) * idleW - energyJ,
    migrationMs,
    downtimeMs: sum(({ downtimeMs }) => downtimeMs),
    isWorth: offMs > breakEvenMs,
    guests: guests.map((guest) => ({ ...guest, energyJ: energyOf(guest) })),
  };
};
