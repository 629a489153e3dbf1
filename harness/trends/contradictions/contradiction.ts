/** Two figures of the documents for the same thing that can't both be. */
export interface Contradiction {
  id: string;
  document: string;
  /** The first figure and where it stands. */
  claim: string;
  claimed: number;
  /** Tables that the second figure is computed from. */
  tables: string;
  computed: number;
  unit: string;
  /** Both in a sentence. */
  text: string;
}
