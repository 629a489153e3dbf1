import type { TrendVerdict, VerdictWord } from '#harness/trends/verdict';
import { driverText, scaleText } from '#harness/trends/words';
import type { Markup } from './html.ts';
import { markup } from './html.ts';

/** A verdict is a symbol and a word; its colour only repeats them. */
const looks: Readonly<Record<VerdictWord, { symbol: string; name: string }>> = {
  holds: { symbol: '✓', name: 'good' },
  'holds in era': { symbol: '≈', name: 'era' },
  fails: { symbol: '✗', name: 'bad' },
  contested: { symbol: '≠', name: 'open' },
  'not measured': { symbol: '–', name: 'none' },
};

export const verdictMark = (verdict: VerdictWord): Markup => {
  const { symbol, name } = looks[verdict];
  return markup`<span class="verdict ${name}"><span aria-hidden="true">${symbol}</span> ${verdict}</span>`;
};

/** `nfqueue, netns, κ_M = 1/16` */
export const setUpText = ({ backends, drivers, guestScales, variant }: TrendVerdict): string =>
  [
    ...backends,
    ...drivers.map(driverText),
    ...(guestScales.length === 0 ? [] : [`κ_M = ${guestScales.map(scaleText).join(', ')}`]),
    ...(variant === '' ? [] : [variant]),
  ].join(', ');
