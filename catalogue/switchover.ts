import type { StrategyTraits } from '#hosts/ports';
import type { SwitchoverOrder } from '#proto/strategy';
import type { TransferSettings } from './transfer.ts';

/** Why a strategy's switchover can't be ordered like this; undefined = it can. Traits that aren't stated refuse nothing. */
export const switchoverRefusal = (
  order: SwitchoverOrder,
  strategy: string,
  { live, precopy, postcopy }: StrategyTraits,
  { mayStartPostcopy }: Pick<TransferSettings, 'mayStartPostcopy'>,
): string | undefined => {
  if (live === false || precopy === false)
    return `${strategy} begins with the switchover: there is nothing to end before it`;
  return order === 'postcopy' && postcopy === false && !mayStartPostcopy
    ? `${strategy} has no post-copy: set capability postcopy-ram, or take hybrid`
    : undefined;
};
