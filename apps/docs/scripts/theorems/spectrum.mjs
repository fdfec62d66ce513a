// Eigenvalues: convergence (19), principal components and their decay, operator norm (18).
import { erfActivation, fullyConnected } from '@sntk/architecture';
import { gradientFlow, kernelSpectrum } from '@sntk/dynamics';
import { analyticKernel } from '@sntk/kernels';
import { eigh, sub, toFloat64 } from '@sntk/linalg';
import { empiricalNtk, forward, initialize, train } from '@sntk/mlp';
import {
  measureConvergence,
  measureDecay,
  measureModes,
  measureRate,
  principalComponents,
} from '@sntk/noise/measurements';
import { lineChart } from '@sntk/plot';
import { rangeOf } from '../measured.mjs';
import {
  moons,
  powerLine,
  rateValues,
  rng,
  seriesOf,
  seriesOfRate,
  smoothNetwork,
  summarize,
  widthChart,
} from './setup.mjs';

/** Networks in full-batch training, and the flow of a fixed kernel, against the kernel at the start: (18) and (19). */
export async function convergence() {
  const { X, Y } = moons(8, 'convergence');
  const [steps, learningRate, every] = [1000, 0.1, 20];
  const runs = [];
  for (const width of [64, 512]) {
    const network = smoothNetwork(width);
    const theta = initialize(network, { rng: rng.split('convergence').split(width) });
    const K = empiricalNtk(network, theta, { X });
    const run = await residualsOf(network, theta, { X, Y, steps, learningRate, every });
    const after = principalComponents(empiricalNtk(network, run.last, { X })).rates;
    const smallestAfter = after[after.length - 1] * after.length;
    runs.push({ width, K, network, theta, smallestAfter, ...measureConvergence(K, run), ...run });
  }
  const wide = runs[1];
  const { K, times, residuals, smallest } = wide;
  const spectrum = kernelSpectrum(K);
  const flow = times.map((time) => gradientFlow(spectrum, residuals[0], { time }).residual);
  const fixed = measureConvergence(K, { times, residuals: flow });
  const N = residuals[0].length;
  const relative = ({ losses }) => Array.from(losses, (loss) => loss / losses[0]);
  const bound = (exponent, lambda) => times.map((time) => Math.exp((-exponent * lambda * time) / N));
  const verdict = ({ sharp, lecture, finalRate, smallest: lambda, smallestAfter }) => ({
    smallest: lambda,
    ...(smallestAfter ? { smallestAfter } : {}),
    sharp: sharp.holds,
    sharpRatio: sharp.ratio,
    lecture: lecture.holds,
    finalRate,
  });
  const count = 3;
  const components = principalComponents(K);
  const early = await residualsOf(wide.network, wide.theta, {
    X,
    Y,
    steps: 80,
    learningRate: 0.05,
    every: 4,
  });
  const modes = measureModes(components, { ...early, count });
  return [
    {
      name: 'convergence',
      svg: lineChart({
        title: 'The loss against the rate of the smallest eigenvalue',
        series: [
          { label: 'fixed kernel', x: times, y: relative(fixed) },
          { label: 'network of width 512', x: times, y: relative(wide) },
          { label: 'network of width 64', x: times, y: relative(runs[0]) },
          { label: 'exp(−2 λ₁ t/N) at width 512', x: times, y: bound(2, smallest), reference: true },
          { label: 'at width 64', x: times, y: bound(2, runs[0].smallest), reference: true },
          { label: 'exp(−λ₁ t/2N), the lecture', x: times, y: bound(0.5, smallest), reference: true },
        ],
        x: { label: 'time t = ηk' },
        y: { label: 'L(t)/L(0)', log: true },
        width: 460,
        height: 320,
      }),
      values: { fixed: verdict(fixed), width512: verdict(wide), width64: verdict(runs[0]) },
    },
    {
      name: 'modes',
      svg: lineChart({
        title: 'Each principal component is learned at its own rate',
        series: Array.from({ length: count }, (_, j) => j).flatMap((j) => [
          {
            label: `component ${j + 1}`,
            x: early.times,
            y: modes.amplitudes.map((row) => row[j] / modes.amplitudes[0][j]),
          },
          {
            label: `predicted ${j + 1}`,
            x: early.times,
            y: early.times.map((time) => Math.exp(-components.rates[j] * time)),
            reference: true,
          },
        ]),
        x: { label: 'time t = ηk' },
        y: { label: 'amplitude / amplitude at the start' },
        width: 460,
        height: 320,
      }),
      values: {
        gapPercent: 100 * modes.gap,
        thirdAtStartPercent: (100 * Math.abs(modes.amplitudes[0][2])) / Math.hypot(...modes.amplitudes[0]),
      },
    },
  ];
}

/** The residuals of full-batch training at times `ηk`, the start included. */
async function residualsOf(network, theta, options) {
  const residualAt = (parameters) =>
    toFloat64(sub(forward(network, parameters, options.X), options.Y)).slice();
  const times = [0];
  const residuals = [residualAt(theta)];
  let last = theta;
  for await (const { step, checkpoint } of train(network, theta, options)) {
    times.push(step * options.learningRate);
    last = checkpoint.theta;
    residuals.push(residualAt(last));
  }
  return { times, residuals, last };
}

/** The decay of the eigenvalues of three kernels. */
export function principalDecay() {
  const N = 300;
  const { X } = moons(N, 'components');
  const networks = {
    'ReLU, 1 hidden layer': fullyConnected({ inputs: 2, hidden: [1] }),
    'ReLU, 3 hidden layers': fullyConnected({ inputs: 2, hidden: [1, 1, 1] }),
    'erf, 3 hidden layers': fullyConnected({ inputs: 2, hidden: [1, 1, 1], activation: erfActivation }),
  };
  const spectra = Object.entries(networks).map(([label, network]) => {
    const components = principalComponents(analyticKernel(network, { X }).ntk);
    const range = { from: 10, to: 100 };
    return { label, components, decay: measureDecay(components.rates, range) };
  });
  const ranks = Array.from({ length: 200 }, (_, j) => j + 1);
  return [
    {
      name: 'principal-components',
      svg: lineChart({
        title: 'Kernel principal components of two moons',
        series: spectra.map(({ label, components, decay }) => ({
          // The spectrum of a smooth activation bends all the way: it has no power.
          label: label.startsWith('ReLU') ? `${label}: j^(−${decay.exponent.toFixed(1)})` : label,
          x: ranks,
          y: ranks.map((rank) => components.rates[rank - 1]),
        })),
        x: { label: 'component j', log: true },
        y: { label: 'λ/N', log: true },
        width: 460,
        height: 320,
      }),
      values: {
        samples: N,
        exponents: {
          shallow: spectra[0].decay.exponent,
          deep: spectra[1].decay.exponent,
          smooth: spectra[2].decay.exponent,
        },
        firstFourPercent: rangeOf(spectra.map(({ components }) => 100 * components.explained[3])),
      },
    },
  ];
}

/** The operator norm: of the kernel over N, and of a finite network's error over its width. */
export function operatorNorm() {
  const counts = [10, 20, 40, 80, 160, 320];
  const network = smoothNetwork(1);
  const norms = counts.map((N) =>
    Array.from({ length: 5 }, (_, k) => {
      const { ntk } = analyticKernel(network, { X: moons(N, `norm ${k}`).X });
      return principalComponents(ntk).operatorNorm;
    }),
  );
  const { X } = moons(20, 'norm of the error');
  const exact = analyticKernel(network, { X }).ntk;
  const widths = [16, 32, 64, 128, 256];
  const errors = widths.map((width) =>
    Array.from({ length: 12 }, (_, draw) => {
      const finite = smoothNetwork(width);
      const theta = initialize(finite, { rng: rng.split('norm').split(width).split(draw) });
      const { values } = eigh(sub(empiricalNtk(finite, theta, { X }), exact));
      return Math.max(...values.map(Math.abs)) / 20;
    }),
  );
  const rate = measureRate(widths, errors, { order: -0.5 });
  return [
    {
      name: 'operator-norm',
      svg: lineChart({
        title: 'The operator norm does not depend on N',
        series: [
          seriesOf(
            '‖K‖, root of λ/N',
            counts,
            norms.map((draws) => draws.map(({ measured }) => measured)),
          ),
          {
            label: 'its bound, root of tr K/N',
            x: counts,
            y: norms.map((draws) => summarize(draws.map(({ bound }) => bound)).mean),
            reference: true,
          },
        ],
        x: { label: 'examples N', log: true },
        y: { label: 'norm' },
        width: 460,
        height: 260,
      }),
      values: {
        fewest: summarize(norms[0].map(({ measured }) => measured)).mean,
        most: summarize(norms[5].map(({ measured }) => measured)).mean,
        bound: summarize(norms[5].map(({ bound }) => bound)).mean,
      },
    },
    {
      name: 'operator-error',
      svg: widthChart({
        title: 'A finite network’s kernel comes to its limit',
        series: [
          seriesOfRate('largest |eigenvalue| of Θ̂ − Θ, over N', rate),
          powerLine('n^(−1/2)', rate, -0.5),
        ],
        y: 'λ/N of the error',
        height: 260,
      }),
      values: rateValues(rate),
    },
  ];
}
