import { readdirSync } from 'node:fs';
import { tableTexts } from '../../export/tables.ts';
import { starts } from '../../init/starts.ts';
import { lists } from '../lists.ts';

/** What a shell offers. */
export interface Value {
  value: string;
  description: string;
}

/** What may stand at a place. @param begun the word so far */
export type Values = (begun: string) => Promise<Value[]>;

const listed =
  (name: string): Values =>
  async () =>
    ((await lists[name]?.()) ?? []).map(({ name: value, description }) => ({ value, description }));

/** A directory with many results must not hold up the shell. */
const offeredMax = 1000;

/** Directories, and files with one of these endings (all, if there are none), below what the word names so far. */
const files =
  (...endings: readonly string[]): Values =>
  async (begun) => {
    const folder = begun.slice(0, begun.lastIndexOf('/') + 1);
    try {
      return readdirSync(folder === '' ? '.' : folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() || endings.length === 0 || endings.some((end) => entry.name.endsWith(end)))
        .filter(({ name }) => !name.startsWith('.'))
        .slice(0, offeredMax)
        .map((entry) => ({ value: `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`, description: '' }));
    } catch {
      // A word that names no directory: nothing to offer.
      return [];
    }
  }; // prettier-ignore

const names =
  (known: Readonly<Record<string, string>>): Values =>
  async () =>
    Object.entries(known).map(([value, description]) => ({ value, description }));

const either =
  (...sources: readonly Values[]): Values =>
  async (begun) =>
    (await Promise.all(sources.map((source) => source(begun)))).flat();

const scenario = files('.yaml', '.yml');
const results = files('.jsonl', '.jsonl.zst', '.json');
const history = files('.dirty.zst');
const studies = listed('studies');

/** What a command's plain words are. Commands without an entry take none. */
export const wordsOf: Readonly<Record<string, Values>> = {
  run: scenario,
  up: scenario,
  record: scenario,
  load: scenario,
  sweep: either(studies, scenario),
  check: either(files('.ts'), studies),
  watch: files('.ts'),
  validate: results,
  report: results,
  compare: results,
  export: results,
  show: results,
  trace: results,
  predict: either(history, files('.json')),
  plan: either(names({ sla: 'how often a guest may be migrated', consolidate: 'whether it pays to move guests away' }), history),
  list: async () => Object.keys(lists).map((value) => ({ value, description: '' })),
  init: names(Object.fromEntries(Object.entries(starts).map(([name, { means }]) => [name, means]))),
  down: listed('links'),
  completion: names({ bash: '', zsh: '', fish: '', powershell: '' }),
}; // prettier-ignore

const valuesOf: Readonly<Record<string, Values>> = {
  link: listed('links'),
  strategy: either(listed('strategies'), files('.ts')),
  against: either(listed('strategies'), results),
  driver: listed('drivers'),
  backend: listed('backends'),
  workload: listed('workloads'),
  cap: listed('capabilities'),
  convergence: listed('stop-rules'),
  study: studies,
  table: names(tableTexts),
};

const takesFile = /[<[](?:file|dir|directory|path)[\]>]/;

/** What an option's value may be; null if that can't be said. @param flags as declared: `--csv [file]` */
export const valuesOfOption = (name: string, flags: string): Values | null =>
  valuesOf[name] ?? (takesFile.test(flags) ? files() : null);
