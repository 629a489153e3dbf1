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

/** Imported by its path, or by its name in package.json's `imports`. */
const room = (name) => `(^#|/)${name}/`;
const harness = { regex: room('harness'), message: 'hosts and proto never import the harness.' };
const hosts = {
  regex: room('hosts'),
  message: 'proto is the contract: it imports neither hosts nor the harness.',
};
const onlyImagePackages = {
  regex: '^(?!\\.|#|node:|@grpc/grpc-js$|protobufjs|rxjs|koffi$|zod$)',
  message: 'The container image holds only @grpc/grpc-js, protobufjs, rxjs, koffi and zod.',
};
const noPackages = {
  regex: '^[^.#]',
  message: 'Pure: no node:, no packages; what it needs is handed to it.',
};
const noIo = {
  regex: '^(node:|@grpc/|dockerode|testcontainers|koffi)',
  message: 'Pure: no I/O, so that it can be tested on values alone.',
};
const hostsAsTypes = {
  regex: room('hosts'),
  allowTypeImports: true,
  message:
    'A definition sees ports only (import type): the harness reads it, and it also runs in virtual time.',
};
const definitions = {
  regex: `${room('catalogue')}(strategies|stop-rules|capabilities|workloads|contents|read-patterns)/(?!parts/)`,
  message:
    "Definitions are found by their room's index (catalogue/strategies.ts …), and asked for by their traits.",
};
const studies = {
  regex: '(^|/)studies/[^/]+/',
  message: 'No study is known by name: harness/studies/ reads whatever folders there are.',
};
const studyEntries = {
  regex: '^(?!\\.|livemig/study$|livemig/study/plots$)|/(harness|hosts|proto|test|bench|setup)/',
  message: 'A study imports livemig/study and livemig/study/plots only, as one outside the project does.',
};
const ownFolder = (regex) => ({
  regex,
  message: 'A study is a folder of its own; of another one it may import published.json.',
});
/** The migration itself, which runs in an agent as well as in virtual time. */
const core = [
  'hosts/{outgoing,source-session,incoming,recovery,migration-control,round-meter}.ts',
  'hosts/transfer/*.ts',
  'hosts/simulation/*.ts',
  'catalogue/capabilities/**/*.ts',
];
const noRealTime = {
  regex: '^(node:timers|node:net|node:dgram|node:tls|node:worker_threads|@grpc/)',
  message: 'A migration sees its ports only (clock, wire, machine), so that it also runs in virtual time.',
};
const noMonotonic = {
  regex: `${room('proto')}units`,
  importNames: ['monotonicMs'],
  message: "A migration's time is its clock's (hosts/clock.ts).",
};
const noEmulated = {
  regex: '/(guest/guest|over-grpc|grpc/[^/]*|announce)(\\.ts)?$',
  allowTypeImports: true,
  message: 'A migration sees its ports only (clock, wire, machine).',
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

/** A run's time is its testbed's, which may be virtual. */
const byTheTestbed = "A run takes its time from its testbed's clock (harness/clock.ts).";
const runTime = [
  'harness/run.ts',
  'harness/run/**/*.ts',
  'harness/measure/**/*.ts',
  'harness/patience.ts',
  'harness/testbed/{calibrate,confirm,probe-link}.ts',
];
const unboundedByClock = [
  ["CallExpression[callee.name='orLate'][arguments.length<3]", byTheTestbed],
  ["CallExpression[callee.name='within'][arguments.length<4]", byTheTestbed],
  ["MemberExpression[object.name='performance']", byTheTestbed],
  ["MemberExpression[object.name='AbortSignal'][property.name='timeout']", byTheTestbed],
].map(([selector, message]) => ({ selector, message }));

const entryOnly = (property) => ({
  object: 'process',
  property,
  message: 'Only the command line (harness/cli.ts, harness/cli/) may do this.',
});

export default defineConfig(
  // Those examples are packages that have livemig installed: there they are checked (test/testbed/package.test.ts).
  { ignores: ['node_modules/', 'dist/', 'results/', '.cache/', '.livemig/', 'examples/{node-test,vitest}/'] },
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
    files: ['harness/**/*.ts', 'hosts/**/*.ts', 'setup/**/*.ts', 'studies/**/*.ts'],
    ignores: ['harness/timestamp.ts'],
    rules: { 'no-restricted-syntax': ['error', ...restrictedSyntax, noEndlessMkdir] },
  },
  {
    files: runTime,
    rules: {
      'no-restricted-syntax': ['error', ...restrictedSyntax, noEndlessMkdir, ...unboundedByClock],
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({ name, message: byTheTestbed })),
      ],
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(node:)?timers', message: byTheTestbed },
            { regex: '/units(\\.ts)?$', importNames: ['monotonicMs'], message: byTheTestbed },
            { regex: '/timestamp(\\.ts)?$', message: byTheTestbed },
          ],
        },
      ],
    },
  },
  mayNotImport(['proto/**/*.ts'], [harness, hosts, studies, definitions]),
  mayNotImport(['catalogue/**/*.ts'], [harness, studies, hostsAsTypes, onlyImagePackages]),
  mayNotImport(['hosts/**/*.ts'], [harness, studies, definitions, onlyImagePackages]),
  mayNotImport(core, [harness, studies, definitions, onlyImagePackages, noRealTime, noMonotonic, noEmulated]),
  {
    files: core,
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval', 'setImmediate', 'performance'].map((name) => ({
          name,
          message: "A migration's timers are its clock's (hosts/clock.ts).",
        })),
      ],
    },
  },
  mayNotImport(
    ['strategies', 'stop-rules', 'workloads', 'contents', 'read-patterns'].map(
      (room) => `catalogue/${room}/**/*.ts`,
    ),
    [harness, studies, hostsAsTypes, noPackages],
  ),
  mayNotImport(['harness/**/*.ts'], [drivers, studies, definitions], ['harness/testbed/**']),
  mayNotImport(['harness/testbed/**/*.ts'], [studies]),
  mayNotImport(
    ['harness/measure/**/*.ts', 'harness/report/**/*.ts', 'harness/trends/**/*.ts'],
    [drivers, studies, definitions, noIo],
  ),
  mayNotImport(['studies/*/*.ts'], [studyEntries, ownFolder('^\\.\\./(?!.*/published\\.json$)')]),
  mayNotImport(['studies/*/*/**/*.ts'], [studyEntries, ownFolder('^\\.\\./\\.\\./')]),
  {
    files: ['catalogue', 'harness', 'hosts', 'proto', 'studies'].map((room) => `${room}/**/*.ts`),
    ignores: ['harness/cli.ts', 'harness/cli/**', 'hosts/agent.ts', 'hosts/*/process.ts'],
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
      // How matchers are declared.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
    },
  },
);
