import { ndarrayBackend, type Tensor, tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose } from '@sntk/testing';
import { expect, it } from 'vitest';
import { addLayer } from '../src/ntk-layer.ts';

it('adds up all pairs of sites, also where their products are made in parts', () => {
  const [N, M, sites] = [3, 2, 900];
  expect(N * sites * (M * sites)).toBeGreaterThan(2 ** 22);
  const rng = createRng(1);
  const draw = (rows: number, label: string): Tensor => {
    const entries = new Float64Array(rows * 2);
    rng.split(label).fillNormal(entries);
    return tensor(entries, { backend: ndarrayBackend(), shape: [rows, 2] });
  };
  const inputs = [draw(N * sites, 'a'), draw(M * sites, 'b')] as const;
  const signals = [draw(N * sites, 'c'), draw(M * sites, 'd')] as const;
  const kernel = new Float64Array(N * M).fill(1);
  const [w, b] = [0.7, 0.2];
  addLayer(inputs, [{ signals, kernel }], { w, b, sites });
  // Σ_st (w a_s·b_t + β) c_s·d_t factors into products of Σ_s a_s c_sᵀ and Σ_s c_s.
  const moments = (points: Tensor, shares: Tensor, n: number): number[] => {
    const [p, q] = [points, shares].map((a) => a.storage as Float64Array);
    const out = new Array<number>(6).fill(0);
    for (let s = n * sites; s < (n + 1) * sites; s++) {
      for (let j = 0; j < 2; j++) {
        for (let i = 0; i < 2; i++) out[2 * i + j] += Math.sqrt(w) * p[2 * s + i] * q[2 * s + j];
        out[4 + j] += Math.sqrt(b) * q[2 * s + j];
      }
    }
    return out;
  };
  const wanted = kernel.map((_, at) => {
    const left = moments(inputs[0], signals[0], Math.floor(at / M));
    const right = moments(inputs[1], signals[1], at % M);
    return left.reduce((sum, value, i) => sum + value * right[i], 1);
  });
  // Sums of 810,000 terms of size 1 and both signs.
  expectClose(kernel, wanted, { absolute: 1e-8 });
});
