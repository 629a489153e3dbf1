/**
 * The page's colours. A plot is drawn once, in sentinel colours, and each sentinel becomes `var(--name)`, so that the
 * same drawing suits a light screen, a dark one and paper. Contrast is tested: 4.5 for text, 3 for marks.
 */
interface Colour {
  /** Represents the colour while a plot is drawn; a colour that nobody would choose. */
  sentinel: string;
  light: string;
  dark: string;
}

export const palette = {
  paper: { sentinel: '#010101', light: '#ffffff', dark: '#14171a' },
  ink: { sentinel: '#010102', light: '#1c1e21', dark: '#e4e6e9' },
  soft: { sentinel: '#010103', light: '#5b6168', dark: '#a3abb4' },
  rule: { sentinel: '#010104', light: '#dcdfe3', dark: '#31373e' },
  axis: { sentinel: '#010105', light: '#80878f', dark: '#7d868f' },
  wash: { sentinel: '#010106', light: '#f5f6f7', dark: '#1c2024' },
  band: { sentinel: '#010107', light: '#f3d9d9', dark: '#56292b' },
  link: { sentinel: '#010108', light: '#174f8c', dark: '#8ec1f7' },
  a: { sentinel: '#010109', light: '#1f5fa8', dark: '#79b4f2' },
  b: { sentinel: '#01010a', light: '#b0480c', dark: '#f49a58' },
  c: { sentinel: '#01010b', light: '#1c7a4d', dark: '#66c792' },
  d: { sentinel: '#01010c', light: '#7a3f9c', dark: '#c7a0e6' },
  good: { sentinel: '#01010d', light: '#1b6e45', dark: '#74cf9d' },
  bad: { sentinel: '#01010e', light: '#a8231c', dark: '#ff9389' },
  open: { sentinel: '#01010f', light: '#7d5600', dark: '#e5bb5f' },
} as const satisfies Readonly<Record<string, Colour>>;

export type ColourName = keyof typeof palette;

/** The colours a plot is drawn with. */
export const inkOf = (name: ColourName): string => palette[name].sentinel;

const declarations = (scheme: 'light' | 'dark'): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour[scheme]}`)
    .join(';');

/** Light by default, and always on paper. */
export const colourRules = (root: string): string =>
  `${root}{color-scheme:light;${declarations('light')}}` +
  `@media screen and (prefers-color-scheme:dark){${root}{color-scheme:dark;${declarations('dark')}}}`;

const names: ReadonlyMap<string, string> = new Map(
  Object.entries(palette).map(([name, { sentinel }]) => [sentinel, name]),
);

/** Replaces sentinels by variables in a drawing. */
export const withVariables = (svg: string): string =>
  svg.replaceAll(/"(#0101[0-9a-f]{2})"/g, (all, sentinel: string) => {
    const name = names.get(sentinel);
    return name === undefined ? all : `"var(--${name})"`;
  });
