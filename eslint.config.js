import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The directions of dependencies (ARCHITECTURE.md). `patterns` are those of no-restricted-imports; a later block of
 * this file replaces an earlier one for the same file, so each block names everything that it forbids.
 */
const mayNotImport = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
});

const harness = { regex: '/harness/', message: 'hosts and proto never import the harness.' };
const hosts = {
  regex: '/hosts/',
  message: 'proto is the contract: it imports neither hosts nor the harness.',
};
const onlyImagePackages = {
  regex: '^(?!\\.|node:|@grpc/grpc-js$|protobufjs|rxjs|koffi$|zod$)',
  message: 'The container image holds only @grpc/grpc-js, protobufjs, rxjs, koffi and zod.',
};
const noPackages = { regex: '^[^.]', message: 'Pure: no node:, no packages; what it needs is handed to it.' };
const noIo = {
  regex: '^(node:|@grpc/|dockerode|testcontainers|koffi)',
  message: 'Pure: no I/O, so that it can be tested on values alone.',
};
const portsAsTypes = {
  regex: '^\\.\\./(guest|transfer|wan|observer|hypervisor|agent|control-server|network|command)',
  allowTypeImports: true,
  message: 'A strategy sees ports only (import type), so that it also runs in virtual time.',
};
const drivers = {
  regex: '/testbed/(netns|docker)/',
  allowTypeImports: true,
  message: 'Drivers are chosen by harness/testbed/index.ts alone.',
};

const waitByMonotonic =
  'The wall clock may be stepped: wait by monotonicMs (proto/units.ts), stamp by timestamp (harness/timestamp.ts).';
/** What reads the wall clock, and what Node does wrong. A moment that is given (`new Date(0)`) is none of it. */
const restrictedSyntax = [
  ["CallExpression[callee.object.name='Date'][callee.property.name='now']", waitByMonotonic],
  ["NewExpression[callee.name='Date'][arguments.length=0]", waitByMonotonic],
  ["CallExpression[callee.name='Date']", waitByMonotonic],
  ["MemberExpression[property.name='timeOrigin']", waitByMonotonic],
  ["MemberExpression[property.name='waitForReady']", waitByMonotonic],
  ["Property[key.name='deadline']", "gRPC's deadlines are of the wall clock: cancel the call by a timer."],
].map(([selector, message]) => ({ selector, message }));
const noEndlessMkdir = {
  selector: "CallExpression[callee.name=/^mkdir/] Property[key.name='recursive']",
  message: 'It never returns below /proc: makeDirectories (harness/files/places.ts).',
};

const entryOnly = (property) => ({
  object: 'process',
  property,
  message: 'Only the command line (harness/cli.ts, harness/cli/) may do this.',
});

export default defineConfig(
  { ignores: ['node_modules/', 'results/', '.cache/', '.livemig/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-shadow': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-shadow': 'error',
      // Numbers in messages are what most messages are about.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      // Ports are asynchronous by their interface, also where one implementation has nothing to wait for.
      '@typescript-eslint/require-await': 'off',
      // noUncheckedIndexedAccess makes every element of a typed array possibly undefined; where the index is in
      // bounds by construction, `!` says so.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // process.env['X'] is what noPropertyAccessFromIndexSignature style asks for.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    files: ['**/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['**/*.ts'],
    ignores: ['harness/timestamp.ts'],
    rules: { 'no-restricted-syntax': ['error', ...restrictedSyntax] },
  },
  {
    files: ['harness/**/*.ts', 'hosts/**/*.ts', 'setup/**/*.ts'],
    ignores: ['harness/timestamp.ts'],
    rules: { 'no-restricted-syntax': ['error', ...restrictedSyntax, noEndlessMkdir] },
  },
  mayNotImport(['proto/**/*.ts'], [harness, hosts]),
  mayNotImport(['hosts/**/*.ts'], [harness, onlyImagePackages]),
  mayNotImport(['hosts/strategies/**/*.ts'], [harness, noPackages, portsAsTypes]),
  mayNotImport(['hosts/workloads/**/*.ts'], [harness, noPackages]),
  mayNotImport(['harness/**/*.ts'], [drivers], ['harness/testbed/**']),
  mayNotImport(
    ['harness/measure/**/*.ts', 'harness/report/**/*.ts', 'harness/trends/**/*.ts'],
    [drivers, noIo],
  ),
  {
    files: ['harness/**/*.ts', 'hosts/**/*.ts', 'proto/**/*.ts'],
    ignores: ['harness/cli.ts', 'harness/cli/**', 'hosts/agent.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-properties': ['error', entryOnly('argv'), entryOnly('exit')],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // jest's expect takes unbound methods and its matchers are typed loosely.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
);
