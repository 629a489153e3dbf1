/** `downtimeLimitMs 500, maxBandwidthMbps 2000` */
export const parametersText = (changed: Readonly<Record<string, number>>): string =>
  Object.entries(changed)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
