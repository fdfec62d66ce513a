import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { matmul, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { wasmBackend } from '@sntk/linalg-wasm';
import { forward, initialize, LOSSES, train } from '@sntk/mlp';
import { createRng, minibatches } from '@sntk/random';
import { fitSlope, meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { kernelSgd, kernelSpectrum, lossFlow, sntkLossPaths, sntkPaths } from '../src/index.ts';

const backend = wasmBackend();
const N = 12;
const O = 3;
const BATCH = 4;
const rng = createRng('cross-entropy');
const points = new Float64Array(N * 2);
rng.split('points').fillNormal(points);
const X = tensor(points, { backend, shape: [N, 2] });
const K = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1] }), { X }).ntk;
const spectrum = kernelSpectrum(K);
/** One-hot labels `[N, O]`. */
const targets = Float64Array.from({ length: N * O }, (_, q) => (Math.floor(q / O) % O === q % O ? 1 : 0));
const start = new Float64Array(N * O);
rng.split('start').fillNormal(start);
const r0 = start.map((f, q) => f - targets[q]);
const loss = LOSSES['cross-entropy'];
const several = { outputs: O, loss, targets };
const rate = (0.2 * N) / spectrum.values[N - 1];

const rms = (values: ArrayLike<number>): number =>
  Math.hypot(...Array.from(values)) / Math.sqrt(values.length);

describe('kernel SGD (28) under cross-entropy', () => {
  it('is SGD of a linear softmax classifier, step for step', () => {
    // Features are the rows of a factor of K; the classifier has a matrix of weights W [N, O].
    const phi = toArray(spectrum.Q).map((value, q) => value * Math.sqrt(spectrum.values[q % N]));
    const source = () =>
      minibatches({ samples: N, batch: BATCH, sampler: 'epoch', rng: rng.split('linear') });
    const batches = source();
    const W = new Float64Array(N * O);
    const outputs = (i: number): number[] =>
      Array.from({ length: O }, (_, o) => {
        let f = start[i * O + o];
        for (let p = 0; p < N; p++) f += phi[i * N + p] * W[p * O + o];
        return f;
      });
    for (let step = 0; step < 30; step++) {
      const members = [...batches.at(step)];
      const logits = members.map(outputs);
      members.forEach((i, m) => {
        const total = logits[m].reduce((sum, f) => sum + Math.exp(f), 0);
        for (let o = 0; o < O; o++) {
          const slope = Math.exp(logits[m][o]) / total - targets[i * O + o];
          for (let p = 0; p < N; p++) W[p * O + o] -= ((rate * 5) / members.length) * slope * phi[i * N + p];
        }
      });
    }
    const { residual } = kernelSgd(K, r0, {
      ...several,
      learningRate: 5 * rate,
      steps: 30,
      batches: [source()],
    });
    for (let i = 0; i < N; i++) {
      outputs(i).forEach((f, o) => {
        expect(residual[i * O + o]).toBeCloseTo(f - targets[i * O + o], 10);
      });
    }
  });

  it('goes to gradient flow (17) for full batches and small steps, at first order', () => {
    const time = 40 * rate;
    const flow = lossFlow(K, r0, { ...several, time, steps: 200 });
    const gap = (steps: number): number => {
      const batches = [minibatches({ samples: N, batch: N, sampler: 'epoch', rng: createRng(1) })];
      const run = kernelSgd(K, r0, { ...several, learningRate: time / steps, steps, batches });
      return rms(run.residual.map((value, q) => value - flow.residual[q]));
    };
    expect(gap(400) / gap(800)).toBeCloseTo(2, 1);
  });
});

describe('the SNTK under any loss', () => {
  it.each(['leading', 'exact'] as const)('has the paths of sntkPaths for the squared loss, %s', (noise) => {
    const options = { learningRate: rate / 10, steps: 100, batch: BATCH, noise, paths: 3, rng, outputs: O };
    const heun = sntkLossPaths(K, r0, { ...options, slope: (r) => r });
    const exact = sntkPaths(spectrum, r0, options);
    // Heun's rule errs by x³/6 a step, x = ηλ/N = 0.02 at most; over a decay time 1/x that is x²/6 of a mode.
    const gap = rms(heun.residual.map((value, q) => value - exact.residual[q]));
    expect(gap).toBeLessThan((0.02 ** 2 / 6) * rms(r0));
    const moved = toFloat64(matmul(K, tensor(heun.alpha, { backend, shape: [N, 3 * O] })));
    moved.forEach((value, q) => {
      expect(r0[Math.floor(q / 3)] + value).toBeCloseTo(heun.residual[q], 11);
    });
  });

  it('has the mean and the spread of kernel SGD under cross-entropy, for small steps', () => {
    const paths = 1500;
    const training = { ...several, learningRate: rate / 2, steps: 60 };
    const batches = Array.from({ length: paths }, (_, p) =>
      minibatches({
        samples: N,
        batch: BATCH,
        sampler: 'without-replacement',
        rng: rng.split('runs').split(p),
      }),
    );
    const sgd = kernelSgd(K, r0, { ...training, batches }).residual;
    const sde = sntkLossPaths(K, r0, { ...training, batch: BATCH, noise: 'exact', paths, rng }).residual;
    const law = (values: Float64Array, row: number) => {
      const cells = Array.from(values.subarray(row * paths, (row + 1) * paths));
      const { mean, standardError } = meanAndStandardError(cells);
      return { mean, error: standardError, variance: paths * standardError ** 2 };
    };
    let [wanted, got] = [0, 0];
    for (let row = 0; row < N * O; row++) {
      const [a, b] = [law(sgd, row), law(sde, row)];
      // The mean differs at first order: ηλ/N = 0.1 of a curvature below 1/4, times the variance, is below the errors.
      expect(Math.abs(a.mean - b.mean)).toBeLessThan(
        4.5 * Math.hypot(a.error, b.error) + 0.1 * Math.sqrt(a.variance),
      );
      wanted += a.variance;
      got += b.variance;
    }
    // First order in ηλ ℓ''/N ≤ 0.1/2, and sums of variances along a few directions known to √(2/1500) each.
    expect(Math.abs(got / wanted - 1)).toBeLessThan(0.05 + 3 * Math.sqrt(4 / paths));
  });
});

describe('real training of a wide network under cross-entropy', () => {
  it('approaches kernel SGD with the analytic kernel at the rate n^{-1/2}', async () => {
    const widths = [64, 256, 1024];
    const draws = 6;
    const gaps = [];
    for (const width of widths) {
      const logs: number[] = [];
      for (let draw = 0; draw < draws; draw++) {
        const network = fullyConnected({ inputs: 2, hidden: [width, width], outputs: O });
        const theta = initialize(network, { rng: rng.split(width).split(draw), dtype: 'float32' });
        const source = () =>
          minibatches({ samples: N, batch: BATCH, sampler: 'epoch', rng: rng.split(draw) });
        const run = { steps: 60, learningRate: 2 * rate };
        let trained = theta;
        for await (const { checkpoint } of train(network, theta, {
          ...run,
          X: tensor(points, { backend, dtype: 'float32', shape: [N, 2] }),
          Y: tensor(targets, { backend, dtype: 'float32', shape: [N, O] }),
          loss: 'cross-entropy',
          batches: source(),
          every: 60,
        })) {
          trained = checkpoint.theta as typeof theta;
        }
        const f0 = toFloat64(forward(network, theta, X));
        const f = toFloat64(forward(network, trained, X));
        const first = f0.map((value, q) => value - targets[q]);
        const { residual } = kernelSgd(K, first, { ...several, ...run, batches: [source()] });
        logs.push(
          Math.log(
            rms(f.map((value, q) => value - targets[q] - residual[q])) / rms(f.map((v, q) => v - f0[q])),
          ),
        );
      }
      gaps.push(meanAndStandardError(logs));
    }
    const { slope } = fitSlope(
      widths.map(Math.log),
      gaps.map((gap) => gap.mean),
    );
    const error = Math.hypot(gaps[0].standardError, gaps[2].standardError) / Math.log(widths[2] / widths[0]);
    expect(error).toBeLessThan(0.1);
    expect(Math.abs(slope + 0.5)).toBeLessThan(2.5 * error);
    expect(Math.exp(gaps[2].mean)).toBeLessThan(0.1);
  });
});
