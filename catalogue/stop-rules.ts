import { readRoom } from './room.ts';
import type { StopRuleDefinition } from './stop-rule.ts';

export const stopRules = readRoom<StopRuleDefinition>('stop-rules');
export const stopRuleNames: readonly string[] = [...stopRules.keys()];
