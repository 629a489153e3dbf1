import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { capabilityDefinitions } from '#catalogue/capabilities';
import { refusalsOf } from '#catalogue/capability';
import { contents } from '#catalogue/contents';
import { diskStorages } from '#catalogue/disk-storages';
import { defaultLimits, limits } from '#catalogue/limits';
import type { Parameter } from '#catalogue/parameter';
import { expectedOf, holds } from '#catalogue/parameter';
import { readPatterns } from '#catalogue/read-patterns';
import { stopRules } from '#catalogue/stop-rules';
import { strategies, traitsOf } from '#catalogue/strategies';
import { plainTransfer } from '#catalogue/transfer';
import { workloads } from '#catalogue/workloads';
import { parseScenario } from '#harness/scenario';

/** What every definition must have, whatever it defines: a new file is checked without a change here. */

interface Defined {
  name: string;
  help: string;
  parameters?: Readonly<Record<string, Parameter>>;
}

const rooms: Readonly<Record<string, ReadonlyMap<string, Defined>>> = {
  strategies,
  'stop-rules': stopRules,
  capabilities: capabilityDefinitions,
  workloads,
  contents,
  'read-patterns': readPatterns,
};

const definitions = Object.entries(rooms).flatMap(([room, defined]) =>
  [...defined.values()].map((definition) => ({ room, ...definition })),
);
const withParameters = definitions.flatMap(({ name, parameters = {} }) =>
  Object.entries(parameters).map(([parameter, declared]) => ({ name, parameter, declared })),
);

describe.each(definitions)('$room $name', ({ name, help }) => {
  test('has a name in kebab case, and help in one line', () => {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
    expect(help).toMatch(/^[^\n]{10,110}$/);
  });
});

describe.each([
  ...withParameters,
  ...Object.entries(limits).map(([parameter, declared]) => ({ name: 'limits', parameter, declared })),
])('$name $parameter', ({ parameter, declared }) => {
  test('states its meaning, unit and range, and has a default within the range', () => {
    expect(parameter).toMatch(/^[a-z][A-Za-z]*$/);
    expect(declared.help).toMatch(/^[^\n]{10,110}$/);
    expect(expectedOf(declared)).toMatch(/^(a (whole )?number (from|above) |one of )/);
    expect(holds(declared, declared.default)).toBe(true);
    if (declared.kind === 'choice') return;
    expect(declared.unit).not.toBe('');
    expect(declared.least).toBeLessThan(declared.most);
    for (const beyond of [declared.least - 1, declared.most + 1, NaN, '1', null])
      expect(holds(declared, beyond)).toBe(false);
  });
});

describe('parameters', () => {
  test('of the same name are the same parameter, as sections list them flat', () => {
    for (const { parameter, declared } of withParameters)
      for (const other of withParameters)
        if (other.parameter === parameter) expect(other.declared).toBe(declared);
  });
});

describe('nearest match', () => {
  /** A letter too many. */
  const mistyped = (name: string): string => `${name}x`;
  const firstProblem = (document: object): string =>
    parseScenario(document, {}, ['lan-1g']).problems[0] ?? '';

  test.each([...strategies.keys()])('strategy %s', (name) => {
    expect(firstProblem({ strategy: mistyped(name) })).toContain(`did you mean "${name}"?`);
  });
  test.each([...stopRules.keys()])('stop rule %s', (name) => {
    expect(firstProblem({ limits: { convergence: mistyped(name) } })).toContain(`did you mean "${name}"?`);
  });
  test.each([...workloads.keys()])('workload %s', (name) => {
    expect(firstProblem({ workload: mistyped(name) })).toContain(`did you mean "${name}"?`);
  });
  test.each([...contents.keys()])('content %s', (name) => {
    expect(firstProblem({ workload: { content: mistyped(name) } })).toContain(`did you mean "${name}"?`);
  });
  test.each([...capabilityDefinitions.keys()])('capability %s', (name) => {
    expect(firstProblem({ capabilities: mistyped(name) })).toContain('did you mean "');
  });
});

describe('refusals', () => {
  test.each([...capabilityDefinitions.values()])('of capability $name state reasons', (definition) => {
    const reasons = [...strategies.keys(), './mine.ts'].flatMap((strategy) =>
      refusalsOf(definition, {
        strategy,
        traits: traitsOf(strategy),
        limits: defaultLimits,
        settings: { ...plainTransfer, channels: 2, faults: 'blocking', wholePagesBy: 'another' },
      }),
    );
    for (const reason of reasons) expect(reason).toMatch(/^[^\n]{15,}$/);
    if (definition.needsRounds === true) expect(reasons.length).toBeGreaterThanOrEqual(2);
  });

  test('a strategy file is refused nothing for traits that others lack', () => {
    expect(traitsOf('./mine.ts')).toEqual({});
  });
});

const registerWords = 15;

describe.each([...workloads.values()])('workload $name', (definition) => {
  const config = {
    name: definition.name,
    regionBytes: 1 << 20,
    dirtyRatePagesPerSecond: definition.hasDirtyRate ? 1000 : 0,
    content: 'random',
  };
  const slice = { first: 128, pages: 96 };

  /** The pages of `steps` steps, and the rate at each; its thread ends after each of `stints`. */
  const touched = (stints: readonly number[]): [page: number, rate: number][] => {
    const registers = new Int32Array(registerWords);
    let state = 7;
    const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0);
    const pages: [number, number][] = [];
    for (const steps of stints) {
      const context = { config, slice, vcpu: 0, vcpus: 2, pageCount: 256, registers };
      const workload = definition.create(context);
      const note = (page: number): number => pages.push([page, workload.stepsPerSecond]);
      for (let step = 0; step < steps; step++) workload.step({ read: note, write: note }, random);
    }
    return pages;
  };

  test('keeps its state in the registers: it continues elsewhere where it stopped', () => {
    expect(touched([1, 700, 299])).toEqual(touched([1000]));
  });

  test('stays within its slice, and within the guest', () => {
    for (const [page, rate] of touched([2000])) {
      expect(rate).toBeGreaterThanOrEqual(0);
      expect(page).toBeGreaterThanOrEqual(definition.hasRegion ? slice.first : 0);
      expect(page).toBeLessThan(definition.hasRegion ? slice.first + slice.pages : 256);
    }
  });
});

/**
 * How code could name a strategy or a capability: a string that is just the name, or a key of capabilities; or the storage
 * of a disk, which it compares with a string.
 */
const asksByName = (file: string, code: string): string[] => {
  const names = new Set([...strategies.keys(), ...capabilityDefinitions.keys()]);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isLabel = ts.isPropertyAssignment(node.parent) && node.parent.name.getText() === 'label';
    if (ts.isStringLiteralLike(node) && names.has(node.text) && !isLabel) found.push(node.text);
    if (
      ts.isPropertyAccessExpression(node) &&
      names.has(node.name.text) &&
      /[cC]apabilities$/.test(node.expression.getText())
    )
      found.push(node.name.text);
    if (ts.isBinaryExpression(node)) {
      const [text, storage] = ts.isStringLiteralLike(node.left)
        ? [node.left, node.right]
        : [node.right, node.left];
      if (
        ts.isStringLiteralLike(text) &&
        Object.hasOwn(diskStorages, text.text) &&
        /[sS]torage$/.test(storage.getText())
      )
        found.push(text.text);
    }
    node.forEachChild(visit);
  };
  ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true).forEachChild(visit);
  return found.map((name) => `${file}: ${name}`);
};

describe('no code asks for a strategy, a capability or a storage by its name', () => {
  const listed = execFileSync('git', ['ls-files', '--', 'harness', 'hosts', 'proto', 'setup', 'catalogue/*.ts'], { encoding: 'utf8' }); // prettier-ignore
  const defining = /^catalogue\/.*\//;
  const files = listed.split('\n').filter((file) => file.endsWith('.ts') && !defining.test(file));

  test('outside the definitions themselves', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(files.flatMap((file) => asksByName(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  test('code that does is found (negative control)', () => {
    const code =
      "if (strategy === 'hybrid' || capabilities.tls !== undefined) return capabilities['xbzrle'];" +
      "if (disk.storage === 'shared' || disk.storage === 'none' || key === 'block') return 'nfs' !== storage;";
    const found = ['hybrid', 'tls', 'xbzrle', 'shared', 'nfs'];
    expect(asksByName('a.ts', code)).toEqual(found.map((name) => `a.ts: ${name}`));
  });
});
