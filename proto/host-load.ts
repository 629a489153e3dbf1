/** Work that keeps a host's CPUs busy beside the agent (docs/loads.md). */

/** Maximum CPUs of a host's quota, and what its control group can express at least. */
export const hostCpusMax = 64;
export const hostCpusLeast = 0.05;
/** More than that would leave the agent nothing. */
export const loadShareMax = 0.95;
export const loadShareLeast = 0.05;
export const niceMax = 19;

/** One host's burner processes. */
export interface Burners {
  count: number;
  /** Of one CPU, each. */
  share: number;
  nice: number;
}
