import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { tensor, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { empiricalNtk, forward, initialize, trainSgd } from '@sntk/mlp';
import { createRng, minibatches } from '@sntk/random';
import { fitSlope, meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { kernelSgd, kernelSpectrum } from '../src/index.ts';

const backend = wasmBackend();
const N = 32;
const BATCH = 8;
const STEPS = 120;
const WIDTHS = [32, 128, 512];
const NETWORKS = 12;
const rng = createRng('real sgd');
const { X: points, y } = twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') });
const X = tensor(points, { backend });

const rms = (values: Float64Array): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** A network trained by SGD beside kernel SGD with its own kernel on the same minibatches: residuals of both. */
function pair(width: number, draw: number, run: number): { real: Float64Array; kernel: Float64Array } {
  const network = fullyConnected({ inputs: 2, hidden: [width, width] });
  const theta = initialize(network, { rng: rng.split(width).split(draw), dtype: 'float32' });
  const batches = () =>
    minibatches({ samples: N, batch: BATCH, sampler: 'epoch', rng: rng.split('batches').split(run) });
  const K = empiricalNtk(network, theta, { X });
  const { values } = kernelSpectrum(K);
  const learningRate = (0.2 * N) / values[N - 1];
  const trained = trainSgd(network, theta, {
    X: tensor(points, { backend, dtype: 'float32' }),
    Y: tensor(y, { backend, dtype: 'float32', shape: [N, 1] }),
    batches: batches(),
    steps: STEPS,
    learningRate,
  });
  const r0 = toFloat64(forward(network, theta, X)).map((f, i) => f - y[i]);
  return {
    real: toFloat64(forward(network, trained.theta, X)).map((f, i) => f - y[i]),
    kernel: kernelSgd(K, r0, { learningRate, steps: STEPS, batches: [batches()] }).residual,
  };
}

describe('real SGD of a wide network', () => {
  it('approaches kernel SGD on its own minibatches at the rate n^{-1/2}', () => {
    const gaps = WIDTHS.map((width) =>
      meanAndStandardError(
        Array.from({ length: NETWORKS }, (_, draw) => {
          const { real, kernel } = pair(width, draw, 0);
          return Math.log(rms(real.map((r, i) => r - kernel[i])));
        }),
      ),
    );
    const { slope } = fitSlope(
      WIDTHS.map(Math.log),
      gaps.map((gap) => gap.mean),
    );
    // The kernel, and with it the residual, moves by O(n^{-1/2}); the slope's error follows from those of its ends.
    const error = Math.hypot(gaps[0].standardError, gaps[2].standardError) / Math.log(WIDTHS[2] / WIDTHS[0]);
    expect(error).toBeLessThan(0.1);
    expect(Math.abs(slope + 0.5)).toBeLessThan(2.5 * error);
    expect(Math.exp(gaps[2].mean)).toBeLessThan(0.07);
  });

  it('has the deviations of kernel SGD, run by run, ever more closely', () => {
    // The size of what is left of each run's deviation from the mean run, relative to the spread, by width.
    const left = WIDTHS.map((width) => {
      const runs = Array.from({ length: 8 }, (_, run) => pair(width, 0, run));
      const deviations = (pick: (run: (typeof runs)[number]) => Float64Array): Float64Array => {
        const mean = Float64Array.from({ length: N }, (_, i) =>
          runs.reduce((sum, run) => sum + pick(run)[i] / runs.length, 0),
        );
        return Float64Array.from(runs.flatMap((run) => [...pick(run).map((r, i) => r - mean[i])]));
      };
      const kernel = deviations((run) => run.kernel);
      const real = deviations((run) => run.real);
      return rms(real.map((r, i) => r - kernel[i])) / rms(kernel);
    });
    expect(left[1]).toBeLessThan(left[0]);
    expect(left[2]).toBeLessThan(left[1]);
    expect(left[2]).toBeLessThan(0.15);
  });
});
