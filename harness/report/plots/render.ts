import * as vega from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { compile } from 'vega-lite';
import { withVariables } from '../palette.ts';
import { plotConfig } from './config.ts';
import { shrink } from './shrink.ts';
import { measureTextOurselves } from './text-width.ts';

/** A Vega-Lite specification, or part of one. */
export type Spec = Readonly<Record<string, unknown>>;

/** A specification compiled once and drawn with many data sets; data without values are given for each drawing. */
export interface Drawing {
  /** @param data rows by data set name. @returns SVG whose colours are CSS variables. */
  draw(data: Readonly<Record<string, readonly object[]>>): Promise<string>;
}

/** Warnings are about data, e.g. a domain without values; an empty panel says so itself. */
const quiet = vega.logger(vega.Error);

/** κ_M and D_max with their index lowered, the same in every browser; only in text, never within a tag. */
const withIndices = (svg: string): string =>
  svg.replaceAll(
    />([^<]*?)(κ|D)_(M|max)([^<]*)</g,
    (_, before: string, base: string, index: string, after: string) => {
      const lowered = `${base}<tspan dy="2.5" font-size="75%">${index}</tspan>`;
      return `>${before}${lowered}<tspan dy="-2.5">${after}</tspan><`;
    },
  );

measureTextOurselves();

/** @param config differences from the common look */
export const prepare = (spec: Spec, config: { axis?: Spec } = {}): Drawing => {
  const look = { ...plotConfig, axis: { ...plotConfig.axis, ...config.axis } };
  const compiled = compile({ ...spec, config: look } as unknown as TopLevelSpec, { logger: quiet });
  const runtime = vega.parse(compiled.spec);
  return {
    draw: async (data) => {
      const view = new vega.View(runtime, { renderer: 'none', logger: quiet });
      try {
        for (const [name, rows] of Object.entries(data)) view.data(name, [...rows]);
        return withIndices(withVariables(shrink(await view.toSVG())));
      } finally {
        view.finalize();
      }
    },
  };
};

/** Draws one specification with its own data. */
export const render = async (spec: Spec): Promise<string> => prepare(spec).draw({});
