import {
  type Architecture,
  activate,
  branches,
  dense,
  dropout,
  erfActivation,
  fullyConnected,
  layerNorm,
  network,
  relu,
  repeat,
  residual,
  serial,
} from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { tensor, toArray, toFloat64 } from '@sntk/linalg';
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

const phi = activate(erfActivation);
const LAYERS: readonly (readonly [string, (n: number) => Architecture])[] = [
  [
    'residual blocks',
    (n) => network(2, dense(n), repeat(residual(activate(relu), dense(n)), 2), activate(relu), dense(1)),
  ],
  [
    'layer normalization',
    (n) => network(2, dense(n), layerNorm(), phi, dense(n), layerNorm(), phi, dense(1)),
  ],
  [
    'normalized residual blocks',
    (n) => network(2, dense(n), residual(layerNorm(), phi, dense(n)), phi, dense(1)),
  ],
  [
    'a product of branches',
    (n) => network(2, branches('product', serial(dense(n), phi), dense(n)), dense(1)),
  ],
  [
    'concatenated branches',
    (n) => network(2, branches('concatenate', serial(dense(n), activate(relu)), dense(3 * n)), dense(1)),
  ],
  ['dropout', (n) => network(2, dense(n), activate(relu), dropout(0.7), dense(n), activate(relu), dense(1))],
];

describe.each(LAYERS)('a network with %s', (name, architectureOf) => {
  const rng = createRng(`wide ${name}`);

  it('comes to its analytic tangent kernel as 1/n, within standard errors', () => {
    const exact = toFloat64(analyticKernel(architectureOf(1), { X }).ntk);
    const size = Math.sqrt(exact.reduce((sum, k) => sum + k * k, 0));
    const sample = (n: number, i: number): ArrayLike<number> => {
      const architecture = architectureOf(n);
      const random = rng.split(n).split(i);
      const theta = initialize(architecture, { rng: random });
      return toArray(empiricalNtk(architecture, theta, { X, dropout: random.split('masks') }));
    };
    // Richardson's combination of two widths has no part in 1/n; what is left is of order 1/n², far below the scatter.
    const { mean, error } = monteCarlo((i) => {
      const [wide, narrow] = [sample(256, i), sample(128, i)];
      return Float64Array.from(wide, (k, p) => 2 * k - narrow[p]);
    });
    mean.forEach((value, p) => {
      expect(error[p]).toBeLessThan(0.05 * size);
      expect(Math.abs(value - exact[p])).toBeLessThan(4 * error[p]);
    });
  });
});
