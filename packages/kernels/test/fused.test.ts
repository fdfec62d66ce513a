import { fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

/** Random points with everything that is hard: repeated, nearly equal, parallel, opposite and zero ones. */
function hardPoints(d: number): Float64Array {
  const data = new Float64Array(37 * d);
  createRng('hard').fillNormal(data);
  const copy = (from: number, to: number, scale: number, nudge: number): void => {
    for (let p = 0; p < d; p++) data[to * d + p] = scale * data[from * d + p];
    data[to * d] += nudge;
  };
  copy(0, 1, 1, 0);
  copy(2, 3, 1, 1e-8);
  copy(4, 5, 3, 0);
  copy(6, 7, -1, 0);
  copy(8, 9, -1, 1e-8);
  copy(10, 11, 1e6, 0);
  data.fill(0, 12 * d, 13 * d);
  return data;
}

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
    const data = hardPoints(d);
    const kernels = [wasmBackend(), ndarrayBackend()].map((backend) => {
      const X = tensor(data, { backend, shape: [37, d] });
      const Z = tensor(data.subarray(0, 14 * d), { backend, shape: [14, d] });
      return [analyticKernel(network, { X }), analyticKernel(network, { X, Z })];
    });
    for (const which of [0, 1]) {
      for (const name of ['nngp', 'ntk'] as const) {
        const [fused, plain] = [toArray(kernels[0][which][name]), toArray(kernels[1][which][name])];
        const columns = which === 0 ? 37 : 14;
        const diagonal = toArray(kernels[1][0][name]);
        fused.forEach((value, q) => {
          const [i, j] = [Math.floor(q / columns), q % columns];
          // Away from the diagonal a cosine is good to a few units in the last place, an angle to 1e-13.
          const scale = Math.sqrt(diagonal[i * 38] * diagonal[j * 38]);
          expect(Math.abs(value - plain[q]), `${name} ${i} ${j}`).toBeLessThanOrEqual(1e-12 * scale);
        });
      }
    }
  });
});
