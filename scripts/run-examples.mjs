// Runs every TypeScript example of the READMEs and docstrings as a user would: each as a module of its own against the
// built packages. An example whose lines print has the expected output in a trailing comment; both must agree.
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import ts from 'typescript';
import { packagesIn, root } from './workspace.mjs';

const scratch = join(root, 'node_modules', '.examples');

function filesUnder(folder, ending) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !path.includes('node_modules') && !path.includes('generated'));
}

/** Code blocks marked `ts`, with the line they start on. */
function blocksOf(path) {
  const text = readFileSync(path, 'utf8');
  const docstrings = path.endsWith('.ts');
  const pattern = docstrings ? /^ \* ```ts\n([\s\S]*?)^ \* ```/gm : /^```ts\n([\s\S]*?)^```/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    path,
    line: text.slice(0, match.index).split('\n').length + 1,
    code: docstrings ? match[1].replace(/^ \* ?/gm, '') : match[1],
  }));
}

/** What the trailing comments of printing lines promise, in order. */
function promised(code) {
  return code
    .split('\n')
    .filter((line) => line.includes('console.log('))
    .map((line) => /\)(?:\)|\s|;|})*\/\/ (.*)$/.exec(line)?.[1]);
}

/** Numbers may differ in the last digits between engines; words and brackets may be spaced differently. */
function same(actual, wanted) {
  const words = (text) =>
    text
      .replace(/(Float64|Float32|Int32|Uint8)Array(\(\d+\))?/g, ' ')
      .replace(/[[\](){}'",:]/g, ' ')
      .split(/\s+/)
      .filter(Boolean);
  const [a, b] = [words(actual), words(wanted)];
  return (
    a.length === b.length &&
    a.every((word, i) => {
      const [x, y] = [Number(word), Number(b[i])];
      if (Number.isNaN(x) || Number.isNaN(y)) return word === b[i];
      return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(y));
    })
  );
}

async function runBlock(block, number) {
  const file = join(block.folder, `example-${number}.mjs`);
  const source = ts.transpileModule(block.code, {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  }).outputText;
  writeFileSync(file, source);
  const printed = [];
  const log = console.log;
  console.log = (...values) => printed.push(format(...values));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  const wanted = promised(block.code);
  wanted.forEach((expected, i) => {
    if (expected === undefined || expected.includes('…')) return;
    const text = (printed[i] ?? 'nothing').replace(/\n/g, ' ');
    if (!same(text, expected)) throw new Error(`printed ${text}, but the comment says ${expected}`);
  });
}

// Examples import packages by name, so they run from a folder whose node_modules has them all.
rmSync(scratch, { recursive: true, force: true });
mkdirSync(join(scratch, 'node_modules', '@sntk'), { recursive: true });
// What an example writes goes there too.
process.chdir(scratch);
const packages = packagesIn('packages').filter(({ manifest }) => !manifest.private);
for (const { path, manifest } of packages)
  symlinkSync(path, join(scratch, 'node_modules', manifest.name), 'junction');
const ndarray = join(root, 'packages/linalg/node_modules/ndarray');
symlinkSync(ndarray, join(scratch, 'node_modules', 'ndarray'), 'junction');

const sources = packages.flatMap(({ path }) => [
  ...filesUnder(join(path, 'src'), '.ts'),
  join(path, 'README.md'),
]);
let passed = 0;
let failed = 0;
const guides = filesUnder(join(root, 'apps/docs/guide'), '.md');
for (const block of [join(root, 'README.md'), ...guides, ...sources].flatMap(blocksOf)) {
  const label = `${relative(root, block.path)}:${block.line}`;
  try {
    await runBlock({ ...block, folder: scratch }, passed + failed);
    passed++;
  } catch (error) {
    failed++;
    console.error(`${label}: ${error instanceof Error ? error.message : error}`);
  }
}
rmSync(scratch, { recursive: true, force: true });
console.log(`examples: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
