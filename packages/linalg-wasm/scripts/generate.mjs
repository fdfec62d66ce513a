// Compiles assembly/*.ts, plain and with relaxed SIMD, and writes the modules' bytes, in base64, to src/generated/kernels.ts.
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const home = join(dirname(fileURLToPath(import.meta.url)), '..');
const sources = (await readdir(join(home, 'assembly'))).filter((name) => name.endsWith('.ts')).sort();
const flags = '-O3 --noAssert --enable simd --runtime stub --importMemory --noExportMemory';

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

const plain = await compile([]);
const relaxed = await compile(['--enable', 'relaxed-simd']);
const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const text = `// Written by scripts/generate.mjs from assembly/*.ts.
export const KERNELS: string =
  '${base64(plain)}';
/** The same with relaxed multiply-add. */
export const RELAXED_KERNELS: string =
  '${base64(relaxed)}';
`;
const target = join(home, 'src', 'generated', 'kernels.ts');
await mkdir(dirname(target), { recursive: true });
// Written aside and renamed, so that a build running at the same time never reads half a file.
await writeFile(`${target}.new`, text);
await rename(`${target}.new`, target);
process.stdout.write(
  `${sources.length} sources, ${plain.length} and ${relaxed.length} bytes of WebAssembly\n`,
);
