// Compiles assembly/*.ts, plain and with relaxed SIMD, and writes the modules' bytes, in base64, to src/generated/kernels.ts;
// and src/thread.ts as the text of a script, which worker threads are started from, to src/generated/thread.ts.
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import ts from 'typescript';

const home = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = (await readdir(join(home, 'assembly'))).filter((name) => name.endsWith('.ts')).sort();
const flags =
  '-O3 --noAssert --enable simd --runtime stub --importMemory --noExportMemory --maximumMemory 65536';
const SHARED = ['--enable', 'threads', '--sharedMemory'];

async function compile(extra) {
  let bytes;
  const { error, stderr } = await asc.main(
    [
      ...sources.map((name) => `assembly/${name}`),
      ...flags.split(' '),
      ...extra,
      '--baseDir',
      home,
      '--outFile',
      'kernels.wasm',
    ],
    {
      writeFile(_name, contents) {
        bytes = contents;
      },
    },
  );
  if (error || !bytes) {
    process.stderr.write(`${stderr.toString()}\n${error?.message ?? 'no module was written'}\n`);
    process.exit(1);
  }
  return bytes;
}

/** Where two modules differ. Built for a shared memory, the kernels differ in the flag of the memory they import. */
function differences(one, other) {
  if (one.length !== other.length) return [-1];
  return [...one.keys()].filter((at) => one[at] !== other[at]);
}

async function write(name, text) {
  const target = join(home, 'src', 'generated', name);
  await mkdir(dirname(target), { recursive: true });
  // Written aside and renamed, so that a build running at the same time never reads half a file.
  await writeFile(`${target}.new`, text);
  await rename(`${target}.new`, target);
}

const builds = {};
for (const [name, extra] of [
  ['plain', []],
  ['relaxed', ['--enable', 'relaxed-simd']],
]) {
  const bytes = await compile(extra);
  const [flagAt, ...more] = differences(bytes, await compile([...extra, ...SHARED]));
  if (!(flagAt > 0 && more.length === 0 && bytes[flagAt] === 1)) {
    process.stderr.write('modules for shared and unshared memory differ in more than a flag\n');
    process.exit(1);
  }
  builds[name] = { base64: Buffer.from(bytes).toString('base64'), flagAt, size: bytes.length };
}

await write(
  'kernels.ts',
  `// Written by scripts/generate.mjs from assembly/*.ts.
export const KERNELS: string =
  '${builds.plain.base64}';
/** The same with relaxed multiply-add. */
export const RELAXED_KERNELS: string =
  '${builds.relaxed.base64}';
/** The byte of either module that says how the memory it imports is limited: 1, or 3 for a shared memory. */
export const LIMITS_AT: { readonly plain: number; readonly relaxed: number } = {
  plain: ${builds.plain.flagAt},
  relaxed: ${builds.relaxed.flagAt},
};
`,
);

const { outputText } = ts.transpileModule(await readFile(join(home, 'src', 'thread.ts'), 'utf8'), {
  compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, removeComments: true },
});
await write(
  'thread.ts',
  `// Written by scripts/generate.mjs from src/thread.ts.
export const THREAD: string = ${JSON.stringify(`((exports) => {${outputText}exports.boot();})({});`)};
`,
);
process.stdout.write(
  `${sources.length} sources, ${builds.plain.size} and ${builds.relaxed.size} bytes of WebAssembly\n`,
);
