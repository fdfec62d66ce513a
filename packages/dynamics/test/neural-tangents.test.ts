import { readFileSync } from 'node:fs';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { LOSSES } from '@sntk/mlp';
import { describe, expect, it } from 'vitest';
import {
  type DualState,
  ensembleLaw,
  gaussianRegression,
  gradientFlow,
  kernelSpectrum,
  lossFlow,
  momentumFlow,
  predict,
} from '../src/index.ts';

/** Values of neural-tangents 0.6.5; made by scripts/reference/neural_tangents_predict.py. */
const reference = JSON.parse(
  readFileSync(new URL('./fixtures/neural-tangents-predict.json', import.meta.url), 'utf8'),
) as {
  ntk: Kernels;
  nngp: Kernels;
  y: number[][];
  f0: { train: number[][]; test: number[][] };
  labels: number[][];
  gradient_descent_mse: Functions[];
  gradient_descent_mse_ensemble: (Law & { get: 'ntk' | 'nngp' })[];
  gp_inference: Law & { noiseVariance: number };
  gradient_descent_cross_entropy: Functions[];
  momentum: { learningRate: number; momentum: number; states: (Functions & { steps: number })[] };
};
interface Kernels {
  train: number[][];
  cross: number[][];
  test: number[][];
}
interface Functions {
  t: number | null;
  train: number[][];
  test: number[][];
}
interface Law {
  t: number | null;
  mean: number[][];
  covariance: number[][];
}

const backend = ndarrayBackend();
const matrix = (rows: number[][]) => tensor(rows, { backend });
const kernels = ({ train, cross, test }: Kernels) => ({
  train: matrix(train),
  cross: matrix(cross),
  test: matrix(test),
});
const ntk = kernels(reference.ntk);
const nngp = kernels(reference.nngp);
const spectrum = kernelSpectrum(ntk.train);
const OUTPUTS = reference.y[0].length;
const column = (rows: number[][], o: number): Float64Array => Float64Array.from(rows, (row) => row[o]);
/** Their mean squared loss divides by all entries, ours by the examples. */
const timeOf = (t: number | null): number => (t === null ? Number.POSITIVE_INFINITY : t / OUTPUTS);

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) expect(Math.abs(got[i] - wanted[i])).toBeLessThan(tolerance);
}

/** Compares a state of each output with their functions at training and test points. */
function compare(
  { train, test }: Functions,
  targets: number[][],
  tolerance: number,
  solve: (r0: Float64Array) => Pick<DualState, 'alpha'>,
): void {
  for (let o = 0; o < OUTPUTS; o++) {
    const f0 = column(reference.f0.train, o);
    const { alpha } = solve(f0.map((f, i) => f - targets[i][o]));
    expectClose(predict(ntk.train, alpha, f0), column(train, o), tolerance);
    expectClose(predict(ntk.cross, alpha, column(reference.f0.test, o)), column(test, o), tolerance);
  }
}

describe('neural-tangents agrees with', () => {
  it.each(reference.gradient_descent_mse)('gradientFlow (13), (15) at t = $t', (state) => {
    // Both diagonalize; inverse eigenvalues magnify rounding by the condition number, some 1e3.
    compare(state, reference.y, 1e-11, (r0) => gradientFlow(spectrum, r0, { time: timeOf(state.t) }));
  });

  it.each(reference.gradient_descent_mse_ensemble)('ensembleLaw (16), $get at t = $t', (law) => {
    const kernel = law.get === 'ntk' ? ntk : nngp;
    const options = { time: timeOf(law.t), cross: kernel.cross, nngp };
    for (let o = 0; o < OUTPUTS; o++) {
      const { mean, covariance } = ensembleLaw(kernelSpectrum(kernel.train), column(reference.y, o), options);
      expectClose(mean, column(law.mean, o), 1e-11);
      expectClose(covariance, law.covariance.flat(), 1e-11);
    }
  });

  it('gaussianRegression (16)', () => {
    const { noiseVariance, mean, covariance } = reference.gp_inference;
    for (let o = 0; o < OUTPUTS; o++) {
      const law = gaussianRegression(nngp, column(reference.y, o), { noiseVariance });
      expectClose(law.mean, column(mean, o), 1e-12);
      expectClose(law.covariance, covariance.flat(), 1e-12);
    }
  });

  it.each(reference.gradient_descent_cross_entropy)(
    'lossFlow (17) under cross-entropy at t = $t',
    (state) => {
      const flat = (rows: number[][]) => Float64Array.from(rows.flat());
      const targets = flat(reference.labels);
      const r0 = flat(reference.f0.train).map((f, q) => f - targets[q]);
      const options = {
        outputs: OUTPUTS,
        loss: LOSSES['cross-entropy'],
        targets,
        time: state.t!,
        steps: 400,
      };
      const { alpha } = lossFlow(ntk.train, r0, options);
      // Their solver keeps a relative and an absolute 1.4e-8 a step.
      expectClose(predict(ntk.train, alpha, flat(reference.f0.train)), flat(state.train), 1e-6);
      expectClose(predict(ntk.cross, alpha, flat(reference.f0.test)), flat(state.test), 1e-6);
    },
  );

  it.each(reference.momentum.states)('momentumFlow (21) after $steps steps', (state) => {
    const { learningRate, momentum } = reference.momentum;
    const unit = Math.sqrt(learningRate);
    const flow = { time: unit * state.steps, friction: (1 - momentum) / unit };
    compare(state, reference.y, 1e-6, (r0) => momentumFlow(spectrum, r0, flow));
  });
});
