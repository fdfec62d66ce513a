import { matmul, ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { conformanceCases } from '@sntk/linalg/conformance';
import { describe, expect, it, vi } from 'vitest';
import { lapackFactorKernels } from '../src/factor.ts';
import { blasAvailable, blasBackend } from '../src/index.ts';
import { loadBlas } from '../src/library.ts';

/** The reason when there is no library: such a machine skips, CI fails. */
function missing(): string | undefined {
  if (blasAvailable()) return undefined;
  try {
    blasBackend();
  } catch (error) {
    return (error as Error).message;
  }
}

const reason = missing();
if (reason !== undefined && process.env.CI === 'true') throw new Error(reason);

describe.skipIf(reason !== undefined)(`the system's BLAS${reason ? ` (skipped: ${reason})` : ''}`, () => {
  for (const one of conformanceCases()) {
    if (reason === undefined && !one.applies(blasBackend())) continue;
    it(one.name, () => one.run(blasBackend()));
  }

  it('gives one backend for one library, so that its tensors mix', () => {
    expect(blasBackend()).toBe(blasBackend());
    const path = loadBlas('test').path;
    expect(blasBackend({ library: path })).toBe(blasBackend({ library: path }));
  });

  it('takes the fast paths of another backend, in an instance of its own', () => {
    const { fused } = ndarrayBackend();
    const backend = blasBackend({ fused });
    expect(backend.fused).toBe(fused);
    expect(backend).not.toBe(blasBackend());
    expect(blasBackend().fused).toBeUndefined();
    for (const one of conformanceCases()) if (one.applies(backend)) one.run(backend);
  });

  it('gives symmetric Gram matrices whichever way it takes', () => {
    const [n, tolerance] = [77, 1e-13];
    for (const k of [45, 127, 128, 300]) {
      const x = Float64Array.from({ length: n * k }, (_, i) => Math.sin(i * i));
      const X = tensor(x, { backend: blasBackend(), shape: [n, k] });
      const copy = tensor(x, { backend: blasBackend(), shape: [n, k] });
      const G = toFloat64(matmul(X, X, { transposeB: true }));
      const H = toFloat64(matmul(X, copy, { transposeB: true }));
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          expect(Math.abs(G[i * n + j] - H[i * n + j])).toBeLessThan(tolerance * k);
          expect(Math.abs(G[i * n + j] - G[j * n + i])).toBeLessThan(tolerance * k);
        }
      }
    }
  });

  it('falls back to the plain factorizations on a library without LAPACK', () => {
    const bare = { ...loadBlas('test'), dpotrf: undefined, dsyevd: undefined, dormtr: undefined };
    expect(Object.keys(lapackFactorKernels(bare))).toEqual(['solveLower']);
  });

  it('says when LAPACK does not converge', () => {
    const stuck = { ...loadBlas('test'), dsyevd: (...args: unknown[]) => (args[10] as Int32Array).fill(3) };
    expect(() => lapackFactorKernels(stuck).eigh?.(1, new Float64Array(1))).toThrow(
      'did not converge (info 3)',
    );
  });
});

describe('a machine without koffi', () => {
  it('is told to install it', async () => {
    vi.resetModules();
    vi.doMock('node:module', () => ({
      createRequire: () => () => {
        throw new Error("Cannot find module 'koffi'\nRequire stack: …");
      },
    }));
    const fresh = await import('../src/index.ts');
    expect(() => fresh.blasBackend()).toThrow(
      "blasBackend: the package koffi cannot be loaded (Cannot find module 'koffi'); run npm install koffi",
    );
    expect(fresh.blasAvailable()).toBe(false);
    vi.doUnmock('node:module');
  });
});

describe('a library that is not there', () => {
  it('is named, with what to install', () => {
    expect(() => blasBackend({ library: 'libnothing.so' })).toThrow(
      /libnothing\.so.*install one: .*pass \{ library/,
    );
  });
});
