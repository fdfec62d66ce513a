import { erfActivation, fullyConnected, relu } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { tensor, toArray } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { empiricalNtk, forward, initialize } from '../src/index.ts';

const backend = wasmBackend();
const POINTS = [
  [1, 0],
  [0.6, 0.8],
  [-0.5, 1.2],
  [-1, -0.3],
];
const X = tensor(POINTS, { backend });
const DRAWS = 40;

/** Mean over initializations of a matrix statistic with the standard error of each entry. */
function monteCarlo(draw: (i: number) => ArrayLike<number>): { mean: Float64Array; error: Float64Array } {
  const samples = Array.from({ length: DRAWS }, (_, i) => draw(i));
  const size = samples[0].length;
  const mean = new Float64Array(size);
  const error = new Float64Array(size);
  for (let p = 0; p < size; p++) {
    for (const sample of samples) mean[p] += sample[p] / DRAWS;
    for (const sample of samples) error[p] += (sample[p] - mean[p]) ** 2;
    error[p] = Math.sqrt(error[p] / (DRAWS - 1) / DRAWS);
  }
  return { mean, error };
}

describe.each([
  { activation: relu, parameterization: 'ntk' as const },
  { activation: relu, parameterization: 'standard' as const },
  { activation: erfActivation, parameterization: 'ntk' as const },
])(
  'three hidden layers of 512 $activation.name units, $parameterization',
  ({ activation, parameterization }) => {
    const network = fullyConnected({ inputs: 2, hidden: [512, 512, 512], activation, parameterization });
    const rng = createRng(`wide ${activation.name} ${parameterization}`);
    const analytic = analyticKernel(network, { X });

    it('have the analytic tangent kernel on average, within standard errors', () => {
      const { mean, error } = monteCarlo((i) =>
        toArray(empiricalNtk(network, initialize(network, { rng: rng.split(i) }), { X })),
      );
      const exact = toArray(analytic.ntk);
      mean.forEach((value, p) => {
        // Four standard errors for 16 entries, and the O(1/width) bias that erf and the standard gains have.
        const bias = activation === relu && parameterization === 'ntk' ? 0 : exact[p] * (3 / 512);
        expect(Math.abs(value - exact[p])).toBeLessThan(4 * error[p] + Math.abs(bias));
      });
    });

    it('have, at a quarter of the width, outputs with the NNGP covariance, within standard errors', () => {
      const narrow = fullyConnected({ inputs: 2, hidden: [128, 128, 128], activation, parameterization });
      const { mean, error } = monteCarlo((i) => {
        // 16 networks a draw make the covariance entries nearly normal.
        const sums = new Float64Array(16);
        for (let copy = 0; copy < 16; copy++) {
          const f = toArray(
            forward(narrow, initialize(narrow, { rng: rng.split('nngp').split(i).split(copy) }), X),
          );
          for (let p = 0; p < 16; p++) sums[p] += (f[p >> 2] * f[p & 3]) / 16;
        }
        return sums;
      });
      const exact = toArray(analytic.nngp);
      mean.forEach((value, p) => {
        expect(Math.abs(value - exact[p])).toBeLessThan(4 * error[p] + Math.abs(exact[p]) * (3 / 128));
      });
    });
  },
);
