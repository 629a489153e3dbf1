// Plain JavaScript for an old Node: brings the dependencies, then hands over to the Node 24 among them.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const node24 = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const stamp = join(root, 'node_modules', '.livemig-lock-hash');

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

/** Installs the locked dependencies when node_modules is missing or made from another lock file. */
function ensureDependencies() {
  const wanted = lockHash();
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted && existsSync(node24)) return;
  console.error('livemig: installing the npm dependencies (npm ci) …');
  // stdout goes to stderr: `livemig run --json` promises one JSON document on stdout and nothing else.
  const npm = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (npm.status !== 0) {
    console.error(
      `livemig: npm ci failed (${npm.error?.message ?? `exit code ${npm.status}`}); run it by hand in ${root}`,
    );
    process.exit(1);
  }
  if (!existsSync(node24)) {
    console.error(
      'livemig: npm ci brought no Node 24: install scripts are blocked. Run\n' +
        '  npm install-scripts approve node koffi protobufjs && npm rebuild node koffi protobufjs\n' +
        `in ${root} and try again.`,
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}

/**
 * Runs `script` (relative to the project's root) under Node 24 and exits as it exits.
 * `environment`: variables beyond this process's own. Signals are passed on, so that Ctrl-C reaches the clean-up of the
 * program that was handed over to.
 */
export async function handOver(script, args, environment = {}) {
  ensureDependencies();
  const target = realpathSync(join(root, script));
  const child = spawn(node24, ['--disable-warning=ExperimentalWarning', target, ...args], {
    stdio: 'inherit',
    env: { ...environment, ...process.env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (...how) => resolve(how));
  });
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 1));
}
