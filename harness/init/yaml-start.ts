import { wrapped } from '../markdown.ts';

/** Lines of a commented YAML file: prose behind `# `, settings that have their default behind `#`. */

export const prose = (text: string, indent = 0): string[] => {
  const begin = `${' '.repeat(indent)}# `;
  return wrapped(text, begin, begin);
};

export interface Setting {
  key: string;
  value: string | number | boolean;
  /** What it means. */
  help: string;
  /** Behind a `#`: the value is the default, or an example. */
  isOff?: boolean;
}

export const setting = ({ key, value, help, isOff = false }: Setting, indent = 0): string[] => [
  ...prose(help, indent),
  `${' '.repeat(indent)}${isOff ? '#' : ''}${key}: ${value}`,
];

export const section = (key: string, settings: readonly Setting[]): string[] => [
  '',
  `${key}:`,
  ...settings.flatMap((each) => setting(each, 2)),
];
