import { fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { describe, expect, it } from 'vitest';
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
