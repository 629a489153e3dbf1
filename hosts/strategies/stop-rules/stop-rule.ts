/** What a round of pre-copy came to. */
export interface RoundEnd {
  /** Pages sent in it. */
  sentPages: number;
  /** Pages dirtied meanwhile: what is pending now. */
  pendingPages: number;
  nowMs: number;
}

/** When pre-copy that won't converge had best stop: asked at the end of every round. Has a memory of its own. */
export interface StopRule {
  stops(round: RoundEnd): boolean;
}
