// Installs the dependencies when they are missing or stale, then checks that the pinned Node is
// there. Plain JavaScript for Node 18, since it runs on the machine's own Node before ours exists.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');

/** The packages of a lock file by their path; none when the file is absent. */
function readLock(file) {
  if (!existsSync(file)) return undefined;
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * Why an install is needed, or undefined. npm leaves a lock file of what it installed in
 * node_modules, as its last step: the two agree after a complete install. Optional packages may
 * be absent, since most are for one platform.
 */
function staleness() {
  const installed = readLock(path.join(modules, '.package-lock.json'));
  if (installed === undefined) return 'dependencies are not installed';
  const wanted = readLock(path.join(root, 'package-lock.json')) ?? {};
  for (const [location, entry] of Object.entries(wanted)) {
    if (location === '' || (entry.optional && !(location in installed))) continue;
    if (installed[location]?.integrity !== entry.integrity) {
      return `${location.replace(/^.*node_modules\//, '')} is not at version ${entry.version}`;
    }
  }
  const extraneous = Object.keys(installed).find((location) => !(location in wanted));
  return extraneous && `${extraneous} is no longer wanted`;
}

function install() {
  // The machine's own Node may well be older than `engines` asks for: ours is being installed.
  const options = ['ci', '--ignore-scripts', '--include=dev', '--include=optional'].concat([
    '--engine-strict=false',
    '--loglevel=error',
  ]);
  const npm = process.env.npm_execpath;
  const settings = { cwd: root, stdio: 'inherit' };
  const { status, error } = npm?.endsWith('.js')
    ? spawnSync(process.execPath, [npm, ...options], settings)
    : spawnSync('npm', options, { ...settings, shell: process.platform === 'win32' });
  if (error) throw error;
  return status ?? 1;
}

/** The version of the Node that npm scripts of this package find first, or undefined. */
function scriptNodeVersion() {
  const local = path.join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const command = existsSync(local) ? local : 'node';
  const { stdout } = spawnSync(command, ['--version'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return stdout?.trim().replace(/^v/, '') || undefined;
}

function isAtLeast(version, floor) {
  const [major, minor] = version.split('.').map(Number);
  const [floorMajor, floorMinor] = floor.split('.').map(Number);
  return major > floorMajor || (major === floorMajor && minor >= floorMinor);
}

const reason = staleness();
if (reason !== undefined) {
  console.log(`Installing: ${reason}.`);
  process.exitCode = install();
}

if (!process.exitCode) {
  const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const floor = engines.node.replace('>=', '');
  const version = scriptNodeVersion();
  if (version === undefined || !isAtLeast(version, floor)) {
    console.error(
      `Headway needs Node ${floor} or newer; npm scripts find ${version ?? 'none'} here. ` +
        `On Linux and on Windows x64, Node comes with the dependencies: run ` +
        `"npm ci --include=optional" and try again. ` +
        `Elsewhere (this is ${process.platform}-${process.arch}), install it from nodejs.org.`,
    );
    process.exitCode = 1;
  }
}
