import { setFlagsFromString } from 'node:v8';
import { matmul, prepare, tensor, toArray } from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { wasmBackend, wasmMemoryInUse, wasmSupported } from '../src/index.ts';
import { distance, numbers } from './support.ts';

// V8 has relaxed SIMD behind this flag before its version 11.4, that is in Node 20; later ones know the flag no more or ignore it.
setFlagsFromString('--experimental-wasm-relaxed-simd');

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('the relaxed build', () => {
  it('is a backend of its own name, and leaves the default as it is', () => {
    expect(wasmSupported({ relaxed: true })).toBe(true);
    const relaxed = wasmBackend({ relaxed: true });
    expect(relaxed).toMatchObject({ name: 'wasm-relaxed', threads: 1 });
    expect(wasmBackend({ relaxed: true })).toBe(relaxed);
    expect(wasmBackend().name).toBe('wasm');
    expect(wasmBackend({ relaxed: false })).toBe(wasmBackend());
  });

  it('computes the same products to rounding', () => {
    const [n, k] = [90, 257];
    const [a, b] = [numbers(n * k, 1), numbers(k * n, 2)];
    const [plain, relaxed] = [false, true].map((flag) => {
      const backend = wasmBackend({ relaxed: flag });
      return toArray(matmul(tensor(a, { backend, shape: [n, k] }), tensor(b, { backend, shape: [k, n] })));
    });
    // Both are within k ε |A| |B| of the exact product, and the entries are below 1.
    expect(distance(relaxed, plain)).toBeLessThanOrEqual(2 * k * k * 2 ** -52);
  });

  it('counts what its prepared matrices hold', () => {
    const before = wasmMemoryInUse();
    const prepared = prepare(
      tensor(numbers(900, 3), { backend: wasmBackend({ relaxed: true }), shape: [30, 30] }),
    );
    expect(wasmMemoryInUse()).toBe(before + 30 * 30 * 8 + ((64 - ((30 * 30 * 8) % 64)) % 64));
    prepared.dispose();
    expect(wasmMemoryInUse()).toBe(before);
  });

  it('gives way to the plain one where the engine lacks it', async () => {
    const own = WebAssembly.validate;
    let asked = 0;
    // The first module that is asked for is the relaxed one.
    const validate: typeof WebAssembly.validate = (bytes) => asked++ > 0 && own(bytes);
    vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { validate }));
    vi.resetModules();
    const fresh = await import('../src/index.ts');
    expect(fresh.wasmBackend({ relaxed: true })).toBe(fresh.wasmBackend());
    expect(fresh.wasmBackend().name).toBe('wasm');
    expect(fresh.wasmSupported({ relaxed: true })).toBe(false);
  });
});

describe('the relaxed backend conforms:', () => {
  const backend = wasmBackend({ relaxed: true });
  for (const one of conformanceCases()) {
    if (one.applies(backend)) it(one.name, () => one.run(backend));
  }
});
