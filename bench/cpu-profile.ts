import { readFileSync } from 'node:fs';

/** One function of a call stack; `url` is empty for native code and V8's own entries. */
export interface Frame {
  functionName: string;
  url: string;
}

/** A profile as `node --cpu-prof` writes it (the DevTools protocol's Profiler.Profile), the parts read here. */
export interface CpuProfile {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples: number[];
  /** In µs, before each sample. */
  timeDeltas: number[];
}

export interface Sample {
  atUs: number;
  tookUs: number;
  /** Innermost function first. */
  stack: readonly Frame[];
}

export const readProfile = (path: string): CpuProfile => JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;

const stacksOf = ({ nodes }: CpuProfile): ReadonlyMap<number, readonly Frame[]> => {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const stackOf = (id: number): Frame[] => {
    const stack: Frame[] = [];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(frames.get(at)!);
    return stack;
  };
  return new Map(nodes.map(({ id }) => [id, stackOf(id)]));
};

export const samplesOf = (profile: CpuProfile): Sample[] => {
  const stacks = stacksOf(profile);
  let atUs = 0;
  return profile.samples.map((id, index) => {
    const tookUs = profile.timeDeltas[index]!;
    atUs += tookUs;
    return { atUs, tookUs, stack: stacks.get(id)! };
  });
};

/** The samples from the first to the last for which `marks` is true. */
export const windowOf = (samples: readonly Sample[], marks: (sample: Sample) => boolean): Sample[] => {
  const first = samples.findIndex(marks);
  return first === -1 ? [] : samples.slice(first, samples.findLastIndex(marks) + 1);
};

/** Seconds per stage, as `stageOf` assigns samples; longest first. */
export const secondsByStage = (
  samples: readonly Sample[],
  stageOf: (stack: readonly Frame[]) => string,
): [stage: string, seconds: number][] => {
  const byStage = new Map<string, number>();
  for (const { stack, tookUs } of samples) {
    const stage = stageOf(stack);
    byStage.set(stage, (byStage.get(stage) ?? 0) + tookUs / 1e6);
  }
  return [...byStage].sort(([, left], [, right]) => right - left);
};
