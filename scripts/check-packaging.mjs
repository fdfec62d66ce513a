// Packs every public package as it would be published, checks the tarballs (publint, are-the-types-wrong), installs
// them in an empty project with npm, imports each, and runs the command line there; and measures how much @sntk/linalg alone
// takes.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagesIn, run } from './workspace.mjs';

const work = mkdtempSync(join(tmpdir(), 'sntk-packed-'));
const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
/** What @sntk/linalg and all it depends on may take when installed, in bytes. */
const ALONE = 2 ** 20;
let failed = 0;

function sizeOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function megabytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(2)} MB`;
}

function check(label, tool, args, options = {}) {
  const result = run(tool, args, {
    allowFailure: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    ...options,
  });
  if (result.status === 0) return;
  failed++;
  console.error(`${label}:\n${result.stdout}${result.stderr}`);
}

try {
  run('turbo', ['run', 'build', '--output-logs=errors-only', '--log-prefix=none'], quiet);
  const packages = [...packagesIn('packages'), ...packagesIn('apps')].filter(
    ({ manifest }) => !manifest.private,
  );
  const manifestOf = (name) => packages.find(({ manifest }) => manifest.name === name).manifest;
  const tarballs = {};
  for (const { path, manifest } of packages) {
    const before = new Set(readdirSync(work));
    run('pnpm', ['pack', '--pack-destination', work], { ...quiet, cwd: path });
    const [file] = readdirSync(work).filter((name) => !before.has(name));
    tarballs[manifest.name] = join(work, file);
    check(`publint ${manifest.name}`, 'publint', ['run', tarballs[manifest.name], '--strict']);
    // The command line has no entry to import.
    if (!manifest.bin)
      check(`attw ${manifest.name}`, 'attw', [tarballs[manifest.name], '--profile', 'esm-only']);
  }

  const alone = join(work, 'alone');
  mkdirSync(alone);
  const needed = ['@sntk/linalg', ...Object.keys(manifestOf('@sntk/linalg').dependencies)];
  const own = needed.filter((name) => tarballs[name]).map((name) => tarballs[name]);
  writeFileSync(join(alone, 'package.json'), '{ "private": true }');
  check('npm install of @sntk/linalg alone', 'npm', ['install', '--no-audit', '--no-fund', ...own], {
    cwd: alone,
  });
  const bytes = sizeOf(join(alone, 'node_modules'));
  if (bytes > ALONE) {
    failed++;
    console.error(`@sntk/linalg alone takes ${megabytes(bytes)} on disk, more than ${megabytes(ALONE)}`);
  }

  const project = join(work, 'project');
  mkdirSync(project);
  const dependencies = Object.fromEntries(
    Object.entries(tarballs).map(([name, file]) => [name, `file:${file}`]),
  );
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ private: true, type: 'module', dependencies }),
  );
  check('npm install of the tarballs', 'npm', ['install', '--no-audit', '--no-fund'], { cwd: project });

  const entries = packages
    .filter(({ manifest }) => !manifest.bin)
    .flatMap(({ manifest }) =>
      Object.keys(manifest.exports)
        .filter((key) => key !== './package.json')
        .map((key) => manifest.name + key.slice(1)),
    );
  const imports = entries.map(
    (name) => `if (Object.keys(await import('${name}')).length === 0) throw new Error('${name} is empty');`,
  );
  writeFileSync(join(project, 'imports.mjs'), imports.join('\n'));
  check('import of every entry', process.execPath, ['imports.mjs'], { cwd: project });

  const size = [
    '--samples',
    '24',
    '--width',
    '16',
    '--epochs',
    '2',
    '--paths',
    '4',
    '--grid',
    '10',
    '--test-samples',
    '20',
  ];
  check(
    'sntk figure1 from the tarballs',
    join(project, 'node_modules', '.bin', 'sntk'),
    ['figure1', ...size, '--out', 'run'],
    { cwd: project },
  );
  const written = spawnSync('ls', [join(project, 'run')], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
  if (!written.includes('figure1.png') || readFileSync(join(project, 'run', 'figure1.png')).length < 10_000) {
    failed++;
    console.error(`sntk figure1 from the tarballs wrote ${written.join(', ') || 'nothing'}`);
  }
  console.log(
    `packaging: ${packages.length} packages, ${entries.length} entries, @sntk/linalg alone ${megabytes(bytes)}, ${failed} problems`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
