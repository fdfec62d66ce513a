import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ArgumentError } from '@sntk/errors';
import { type Backend, matmul, prepare, syrk, tensor, toArray } from '@sntk/linalg';
import { describeBackends } from '@sntk/linalg/backends';
import { conformanceCases } from '@sntk/linalg/conformance';
import type { FactorKernels } from '@sntk/linalg/extending';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { threadedWasmBackend, wasmBackend } from '../src/index.ts';
import { numbers } from './support.ts';

const one = wasmBackend();
const two = await threadedWasmBackend({ threads: 2 });
const three = await threadedWasmBackend({ threads: 3 });
afterAll(() => {
  two.dispose();
  three.dispose();
});

/** Large enough that every operation is cut for threads, and no multiple of a tile. */
const SIZES = { m: 261, n: 203, k: 301 } as const;

function products(backend: Backend): Float64Array[] {
  const { m, n, k } = SIZES;
  return [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      ([Float64Array, Float32Array] as const).map((Type) => {
        const a = tensor(new Type(numbers(m * k, 1)), { backend, shape: transposeA ? [k, m] : [m, k] });
        const b = tensor(new Type(numbers(k * n, 2)), { backend, shape: transposeB ? [n, k] : [k, n] });
        return Float64Array.from(toArray(matmul(a, b, { transposeA, transposeB })));
      }),
    ),
  );
}

function flat(backend: Backend, rows: number, columns: number): Float64Array {
  const a = tensor(numbers(rows * 400, 3), { backend, shape: [rows, 400] });
  const b = tensor(numbers(400 * columns, 4), { backend, shape: [400, columns] });
  const prepared = prepare(a);
  const both = [...toArray(matmul(a, b)), ...toArray(prepared.times(b))];
  prepared.dispose();
  return Float64Array.from(both);
}

function gram(backend: Backend): Float64Array {
  const X = tensor(numbers(261 * 77, 5), { backend, shape: [261, 77] });
  return Float64Array.from([...toArray(syrk(X)), ...toArray(syrk(X, { transpose: true }))]);
}

function definite(n: number): Float64Array {
  const B = tensor(numbers(n * n, 6), { backend: one, shape: [n, n] });
  return Float64Array.from(toArray(syrk(B)), (x, at) => x + (at % (n + 1) === 0 ? 1 : 0));
}

function factors(backend: Backend): Float64Array[] {
  const n = 301;
  const { cholesky, solveLower, eigh, tridiagonalize } = backend.factor as FactorKernels;
  const l = definite(n);
  cholesky(n, l);
  const solutions = [false, true].map((transpose) => {
    const x = numbers(n * 77, 7);
    solveLower(n, 77, l, x, transpose);
    return x;
  });
  const { values, vectors } = eigh(n, definite(n));
  const { diagonal, offDiagonal, multiply } = tridiagonalize(n, definite(n));
  const products = [false, true].map((transpose) => {
    const b = numbers(n * 77, 9);
    multiply(77, b, transpose);
    return b;
  });
  return [l, ...solutions, values, vectors, diagonal, offDiagonal, ...products];
}

function recursion(backend: Backend): Float64Array[] {
  const [rows, columns] = [301, 203];
  const nngp = new Float64Array(rows * columns);
  const ntk = new Float64Array(rows * columns);
  backend.fused!.reluRecursion!({
    rows,
    columns,
    firstNngp: numbers(rows * columns, 8),
    rowVariances: new Float64Array(2 * rows).fill(1.5),
    columnVariances: new Float64Array(2 * columns).fill(1.25),
    weightVariances: [2, 1.5],
    biasVariances: [0, 0.25],
    nngp,
    ntk,
  });
  return [nngp, ntk, ...mirroredRecursion(backend)];
}

function mirroredRecursion(backend: Backend): Float64Array[] {
  const size = 301;
  const nngp = numbers(size * size, 9);
  const ntk = new Float64Array(size * size);
  const variances = new Float64Array(2 * size).fill(1.5);
  backend.fused!.reluRecursion!({
    rows: size,
    columns: size,
    firstNngp: nngp,
    rowVariances: variances,
    columnVariances: variances,
    weightVariances: [2, 1.5],
    biasVariances: [0, 0.25],
    mirrored: true,
    nngp,
    ntk,
  });
  return [nngp, ntk];
}

function paths(backend: Backend): Float64Array {
  const [size, outputs, paths, steps, batch] = [67, 2, 75, 9, 7];
  const ensemble = backend.fused!.minibatchPaths!({
    ...{ size, outputs, paths },
    matrix: numbers(size * size, 9),
    values: numbers(size, 10),
    start: numbers(size * outputs, 11),
  });
  const noise = numbers(paths * steps * batch, 12);
  const examples = Int32Array.from(noise, (x) => Math.floor(((x + 1) / 2) * size));
  for (let block = 0; block < 3; block++) {
    const kept = new Float64Array(size).fill(0.9);
    ensemble.advance({ steps, batch, kept, pulled: numbers(size * outputs, 13 + block), examples, noise });
  }
  const a = ensemble.read();
  ensemble.dispose();
  return a;
}

describe('the threaded backend gives the bits of one thread, whatever the number of threads:', () => {
  for (const backend of [two, three]) {
    const name = `${backend.threads} threads`;
    it(`matrix products, ${name}`, () => expect(products(backend)).toEqual(products(one)));
    it(`flat and tall products, prepared or not, ${name}`, () => {
      expect(flat(backend, 9, 301)).toEqual(flat(one, 9, 301));
      expect(flat(backend, 333, 19)).toEqual(flat(one, 333, 19));
    });
    it(`Gram matrices, ${name}`, () => expect(gram(backend)).toEqual(gram(one)));
    it(`Cholesky factors, solves and eigenvectors, ${name}`, () =>
      expect(factors(backend)).toEqual(factors(one)));
    it(`the ReLU recursion, ${name}`, () => expect(recursion(backend)).toEqual(recursion(one)));
    it(`paths with noise on minibatches, ${name}`, () => expect(paths(backend)).toEqual(paths(one)));
  }
});

describe('the threaded backend conforms:', () => {
  for (const one of conformanceCases()) {
    if (one.applies(two)) it(one.name, () => one.run(two));
  }
});

describe('the threaded backend', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('tells its name and how many threads it has', async () => {
    expect(two).toMatchObject({ name: 'wasm-threads', threads: 2 });
    expect(two.fewer).toBeUndefined();
    const [report] = await describeBackends([{ name: 'wasm-threads', create: () => two }], { size: 8 });
    expect(report.threads).toBe(2);
  });

  it('does not mix with the backend of one thread, and names both', () => {
    const [a, b] = [two, one].map((backend) => tensor([[1]], { backend }));
    expect(() => matmul(a, b)).toThrow(/wasm-threads.*wasm/s);
  });

  it('goes on with one thread after dispose', async () => {
    const backend = await threadedWasmBackend({ threads: 2 });
    backend.dispose();
    backend.dispose();
    expect(backend.threads).toBe(1);
    expect(products(backend)).toEqual(products(one));
  });

  it('has one thread, and says why, where memory cannot be shared', async () => {
    vi.stubGlobal('crossOriginIsolated', false);
    const backend = await threadedWasmBackend({ threads: 2 });
    expect(backend).toMatchObject({
      threads: 1,
      fewer: expect.stringContaining('not cross-origin isolated'),
    });
    expect(gram(backend)).toEqual(gram(one));
  });

  it('has one thread, and says why, where no memory can be reserved for sharing', async () => {
    class Narrow extends WebAssembly.Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        if (descriptor.shared) throw new RangeError('could not allocate memory');
        super(descriptor);
      }
    }
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory: Narrow }));
    const backend = await threadedWasmBackend({ threads: 2 });
    expect(backend).toMatchObject({
      threads: 1,
      fewer: expect.stringContaining('could not allocate memory'),
    });
  });

  it('has the threads that start, and says what became of the others', async () => {
    const threads = process.getBuiltinModule('node:worker_threads');
    const starts = [
      () => {
        throw new Error('not allowed');
      },
      (source: string) => new threads.Worker(`throw new Error('too old'); ${source}`, { eval: true }),
    ];
    for (const start of starts) {
      let count = 0;
      const Worker = new Proxy(threads.Worker, {
        construct: (own, [source, options]) => (count++ === 0 ? start(source) : new own(source, options)),
      });
      const spy = vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ Worker } as never);
      const backend = await threadedWasmBackend({ threads: 3 });
      spy.mockRestore();
      expect(backend.fewer).toMatch(/^a worker did not start: (not allowed|too old)$/);
      expect(backend.threads).toBe(2);
      expect(gram(backend)).toEqual(gram(one));
      backend.dispose();
    }
  });

  it('refuses numbers of threads that make no sense', async () => {
    for (const threads of [0, 1.5, 65, Number.NaN]) {
      await expect(threadedWasmBackend({ threads })).rejects.toThrow(ArgumentError);
    }
  });
});

const built = new URL('../dist/index.js', import.meta.url);

describe.skipIf(!existsSync(built) && process.env.CI !== 'true')('a process with workers', () => {
  it('ends by itself, though they wait for work', () => {
    const script = `
      import { threadedWasmBackend } from '${built}';
      const backend = await threadedWasmBackend({ threads: 2 });
      console.log(backend.threads);
    `;
    const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect({ stdout, status }).toEqual({ stdout: '2\n', status: 0 });
  });
});
