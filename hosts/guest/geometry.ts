import { pageSizeBytes } from '#proto/units';
import type { GuestConfig } from '#proto/guest';
import { defaultContent } from '#catalogue/contents';

/** Pages per memory segment (256 MiB): one SharedArrayBuffer of 16 GiB would break Buffer's 32-bit offsets. */
export const pagesPerSegment = 1 << 16;
export const segmentShift = 16;

/** Which pages of a guest are used for what. */
export interface GuestGeometry {
  pageCount: number;
  /** Pages populated at boot: `[0, basePages)` and the workload's region. */
  basePages: number;
  regionFirst: number;
  regionPages: number;
}

/** The region lies behind the base footprint, or as far up as the guest's RAM allows. */
export const geometryOf = (guest: GuestConfig): GuestGeometry => {
  const pageCount = Math.floor(guest.ramBytes / pageSizeBytes);
  const basePages = Math.min(pageCount, Math.ceil(guest.baseFootprintBytes / pageSizeBytes));
  const regionPages = Math.min(pageCount, Math.ceil(guest.workload.regionBytes / pageSizeBytes));
  return { pageCount, basePages, regionPages, regionFirst: Math.min(basePages, pageCount - regionPages) };
};

/** Pages `[first, end)`. */
export interface PageRange {
  first: number;
  end: number;
}

/** Pages and what they hold; all others hold random bytes. */
export interface RegionContent extends PageRange {
  content: string;
}

export const randomEverywhere: RegionContent = { first: 0, end: 0, content: defaultContent };

/** The workload's region, if it holds anything but random bytes. */
export const regionContentOf = (guest: GuestConfig): RegionContent => {
  const { content } = guest.workload;
  if (content === defaultContent) return randomEverywhere;
  const { regionFirst, regionPages } = geometryOf(guest);
  return { first: regionFirst, end: regionFirst + regionPages, content };
};

/** The part of the region that one vCPU works on: the parts are disjoint, so versions need no locks. */
export const sliceOf = (
  geometry: GuestGeometry,
  vcpu: number,
  vcpus: number,
): { first: number; pages: number } => {
  const from = Math.floor((geometry.regionPages * vcpu) / vcpus);
  const to = Math.floor((geometry.regionPages * (vcpu + 1)) / vcpus);
  return { first: geometry.regionFirst + from, pages: to - from };
};
