// The peers' Python environment, made once outside git, and what is known of the machine.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('..', import.meta.url));
const pins = fileURLToPath(new URL('../../scripts/reference/requirements.txt', import.meta.url));

function call(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 2, 2] });
  if (error || status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed (${error?.message ?? `exit code ${status}`})`);
  }
}

/** The interpreter of `benchmarks/.venv` with the pinned peers in it, installed when missing or when a pin moved. */
export function peersPython() {
  const folder = join(here, '.venv');
  const python = join(folder, 'bin/python');
  const stamp = join(folder, 'requirements.sha256');
  const digest = createHash('sha256').update(readFileSync(pins)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return python;
  console.error('Installing the peers into benchmarks/.venv; this takes some minutes and gigabytes …');
  call('python3', ['-m', 'venv', folder]);
  call(python, ['-m', 'pip', 'install', '--quiet', '-r', pins]);
  writeFileSync(stamp, digest);
  return python;
}

/** Whether a process can be held to one core here. */
export const canPin = () => spawnSync('taskset', ['-c', '0', 'true']).status === 0;

/** What is known of the machine and the interpreter; throws where there is no such interpreter. */
export function describeMachine(python) {
  const { status, stdout } = spawnSync(python, ['--version'], { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`bench:peers: --python ${python} does not run; name a Python 3.11 with the pinned peers`);
  const versions = Object.fromEntries(
    readFileSync(pins, 'utf8')
      .split('\n')
      .filter((line) => /^[\w-]+==/.test(line))
      .map((line) => line.split('==')),
  );
  return {
    processor: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${arch()}`,
    node: process.versions.node,
    python: stdout.trim().replace('Python ', ''),
    peers: versions,
  };
}
