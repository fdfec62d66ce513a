import { activate, dense, fullyConnected, type Layer, linear, network, relu } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { describe, expect, it, vi } from 'vitest';
import { analyticKernel } from '../src/index.ts';
import { hardPoints, POINTS } from './hard-points.ts';

describe.each([0, 1])('the fused ReLU recursion, σ_b² = %i', (biasVariance) => {
  it.each([
    [2, 1],
    [2, 3],
    [5, 12],
  ])('gives the kernel of the careful recursion, d = %i, %i hidden layers', (d, depth) => {
    const network = fullyConnected({
      inputs: d,
      hidden: Array.from({ length: depth }, () => 1),
      biasVariance,
    });
    const data = hardPoints(d, { nudge: 1e-8, multiple: 3, far: 1e6 });
    const kernels = [wasmBackend(), ndarrayBackend()].map((backend) => {
      const X = tensor(data, { backend, shape: [POINTS, d] });
      const Z = tensor(data.subarray(0, 14 * d), { backend, shape: [14, d] });
      return [analyticKernel(network, { X }), analyticKernel(network, { X, Z })];
    });
    for (const which of [0, 1]) {
      for (const name of ['nngp', 'ntk'] as const) {
        const [fused, plain] = [toArray(kernels[0][which][name]), toArray(kernels[1][which][name])];
        const columns = which === 0 ? POINTS : 14;
        const diagonal = toArray(kernels[1][0][name]);
        fused.forEach((value, q) => {
          const [i, j] = [Math.floor(q / columns), q % columns];
          // Away from the diagonal a cosine is good to a few units in the last place, an angle to 1e-13.
          const scale = Math.sqrt(diagonal[i * (POINTS + 1)] * diagonal[j * (POINTS + 1)]);
          expect(Math.abs(value - plain[q]), `${name} ${i} ${j}`).toBeLessThanOrEqual(1e-12 * scale);
        });
      }
    }
  });
});

describe('the fused ReLU recursion of more points than a strip has', () => {
  it('gives the kernels of the careful recursion, row by row', () => {
    const [N, M] = [150, 131];
    const data = new Float64Array(3 * N);
    createRng('strips').fillNormal(data);
    const network = fullyConnected({ inputs: 3, hidden: [1, 1, 1], weightVariance: [2, 1.5, 1.8, 1.2] });
    const kernels = [wasmBackend(), ndarrayBackend()].map((backend) => {
      const X = tensor(data, { backend, shape: [N, 3] });
      const Z = tensor(data.subarray(3 * (N - M)), { backend, shape: [M, 3] });
      const [own, cross, turned] = [{ X }, { X, Z }, { X: Z, Z: X }].map((points) =>
        analyticKernel(network, points),
      );
      return [own.nngp, own.ntk, cross.nngp, cross.ntk, turned.nngp, turned.ntk].map(toArray);
    });
    kernels[0].forEach((fused, which) => {
      const plain = kernels[1][which];
      const largest = Math.max(...plain.map(Math.abs));
      expect(fused.length).toBe(plain.length);
      const errors = Array.from(fused, (value, at) => Math.abs(value - plain[at]));
      expect(Math.max(...errors), `kernel ${which}`).toBeLessThanOrEqual(1e-13 * largest);
    });
  });
});

describe('the fused recursion of a backend', () => {
  /** How often a kernel of a network asks for it. */
  function uses(layers: readonly Layer[], dtype: 'float64' | 'float32' = 'float64'): number {
    const backend = wasmBackend();
    const asked = vi.spyOn(backend.fused!, 'reluRecursion');
    const X = tensor(hardPoints(2, { nudge: 1e-8, multiple: 3, far: 10 }), {
      backend,
      shape: [POINTS, 2],
      dtype,
    });
    analyticKernel(network(2, ...layers), { X });
    const { length } = asked.mock.calls;
    asked.mockRestore();
    return length;
  }
  const phi = activate(relu);
  const chain = [dense(1), phi, dense(1), phi, dense(1)];

  it('is asked for chains of dense layers and ReLU in the parameterization ntk, and for nothing else', () => {
    expect(uses(chain)).toBe(1);
    expect(uses([dense(1), phi, dense(1)])).toBe(1);
    expect(uses([dense(1)])).toBe(0);
    expect(uses(chain.slice(0, 4))).toBe(0);
    expect(uses([...chain, dense(1)])).toBe(0);
    expect(uses([...chain.slice(0, 4), dense(1, { parameterization: 'standard' })])).toBe(0);
    expect(uses([dense(1), activate(linear), dense(1)])).toBe(0);
    expect(uses(chain, 'float32')).toBe(0);
  });
});
