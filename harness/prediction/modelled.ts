import { stopRules } from '#catalogue/stop-rules';
import { defaultStrategy, strategies, traitsOf } from '#catalogue/strategies';
import type { Scenario } from '../scenario.ts';
import type { ModelName } from './models.ts';

/** What Akoush et al. predict. */
export const modelledRule = [...stopRules.values()].find(({ isModelledOnPaper }) => isModelledOnPaper)!.name;

/** Whether a stop rule ends its pre-copy. */
export const goesByStopRule = (strategy: string): boolean => traitsOf(strategy).stopRule !== false;
export const modelledStrategy = [...strategies.keys()].find(goesByStopRule) ?? defaultStrategy;

/** Whether the models on paper predict a migration; else only the replay does. */
export const isOnPaper = ({
  strategy,
  limits: { convergence },
}: Pick<Scenario, 'strategy' | 'limits'>): boolean =>
  strategies.has(strategy) && goesByStopRule(strategy) && convergence === modelledRule;

/** What keeps these models from predicting a scenario's run. */
export const unpredictable = (scenario: Scenario, models: readonly ModelName[]): string[] => {
  const { strategy, limits, guest, timeline } = scenario;
  const onPaper = models.filter((model) => model !== 'sim');
  return [
    ...(guest.disk === undefined ? [] : ['expected a guest without a disk, as only RAM is predicted']),
    ...(timeline === undefined
      ? []
      : ['expected a scenario without a timeline, as no model knows what it does']),
    ...(strategies.has(strategy) ? [] : [`expected a strategy of livemig's, got ${strategy}`]),
    ...(onPaper.length === 0 || isOnPaper(scenario)
      ? []
      : [
          `expected ${modelledStrategy} with convergence ${modelledRule}, for ${onPaper.join(' and ')}, got ${strategy} ` +
            `with ${limits.convergence}; sim predicts that as well`,
        ]),
  ];
};
