import { UnavailableError } from '@sntk/errors';
import { matmul, prepare, tensor, toArray } from '@sntk/linalg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import * as api from '../src/index.ts';

/** The package as it loads in an environment with another `WebAssembly`. */
async function loadedWith(changes: Partial<typeof WebAssembly>): Promise<typeof api> {
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), changes));
  vi.resetModules();
  return import('../src/index.ts');
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

describe('the WASM backend', () => {
  test('is one instance, on the CPU', () => {
    expect(api.wasmBackend()).toBe(api.wasmBackend());
    expect(api.wasmBackend()).toMatchObject({ name: 'wasm', device: 'cpu', dtypes: ['float64', 'float32'] });
    expect(api.wasmSupported()).toBe(true);
  });

  test('exports no more than it has to', () => {
    expect(Object.keys(api)).toMatchInlineSnapshot(`
      [
        "wasmBackend",
        "wasmMemoryInUse",
        "wasmSupported",
        "threadedWasmBackend",
      ]
    `);
  });

  test('says so where there is no SIMD', async () => {
    const { wasmBackend, wasmSupported } = await loadedWith({ validate: () => false });
    expect(wasmSupported()).toBe(false);
    // Modules are fresh, so errors are compared by name.
    expect(() => wasmBackend()).toThrow(expect.objectContaining({ name: 'UnavailableError' }));
    expect(() => wasmBackend()).toThrow('no WebAssembly with 128-bit SIMD');
  });

  test('says so where there is no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    vi.resetModules();
    const { wasmSupported } = await import('../src/index.ts');
    expect(wasmSupported()).toBe(false);
  });

  test('names the size when memory is exhausted, keeps what it has, and works on', async () => {
    class Small extends WebAssembly.Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super({ ...descriptor, maximum: 20 });
      }
    }
    const { wasmBackend, wasmMemoryInUse } = await loadedWith({ Memory: Small });
    const backend = wasmBackend();
    const small = tensor(new Float64Array(2500).fill(1), { backend, shape: [50, 50] });
    const large = tensor(new Float64Array(250000), { backend, shape: [500, 500] });
    const prepared = prepare(small);
    const used = wasmMemoryInUse();
    const exhausted = expect.objectContaining({
      name: 'UnavailableError',
      message: expect.stringMatching(/^matmul: WebAssembly memory cannot hold \d\.\d MB more/),
    });
    expect(() => matmul(large, large)).toThrow(exhausted);
    expect(() => prepare(large)).toThrow('prepare: WebAssembly memory cannot hold');
    expect(wasmMemoryInUse()).toBe(used);
    expect(toArray(matmul(small, small))).toEqual(new Float64Array(2500).fill(50));
    expect(toArray(prepared.times(small))).toEqual(new Float64Array(2500).fill(50));
    prepared.dispose();
    expect(wasmMemoryInUse()).toBe(0);
  });

  test('throws errors of the toolkit', () => {
    const prepared = prepare(tensor([[1, 2]], { backend: api.wasmBackend() }));
    prepared.dispose();
    expect(() => prepared.times(tensor([[1], [2]], { backend: api.wasmBackend() }))).toThrow(
      UnavailableError,
    );
  });
});
