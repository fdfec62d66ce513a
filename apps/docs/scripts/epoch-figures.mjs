// Draws the figures of guide/epochs.md, and records the values that it states. The same on every run.
// Run after a build, about two minutes: node scripts/epoch-figures.mjs [--png], then restate.mjs
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { kernelSgd, kernelSpectrum, sntkPaths } from '@sntk/dynamics';
import { analyticKernel } from '@sntk/kernels';
import { matmul, ndarrayBackend, tensor, toFloat64, transpose } from '@sntk/linalg';
import { lineChart } from '@sntk/plot';
import { toPng } from '@sntk/plot/png';
import { createRng, minibatches } from '@sntk/random';
import { rangeOf, record } from './measured.mjs';

const N = 64;
const PATHS = 2000;
const GROUPS = 20;
/** Time of training in units of 2N/λ_max. */
const TIME = 16;

const backend = ndarrayBackend();
const rng = createRng('epochs');
const { X, y } = twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') });
const kernels = analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1] }), { X: tensor(X, { backend }) });
const spectrum = kernelSpectrum(kernels.ntk);
const limit = (2 * N) / spectrum.values[N - 1];
const r0 = new Float64Array(N);
rng.split('residual').fillNormal(r0);
for (let i = 0; i < N; i++) r0[i] -= y[i];

/** Ensembles of kernel SGD on epochs and of the SNTK with the noise of epochs and of independent steps. */
function ensembles(batch, rate) {
  const training = { learningRate: rate * limit, steps: Math.round(TIME / rate) };
  const stream = rng.split(`${batch} ${rate}`);
  const batches = Array.from({ length: PATHS }, (_, p) =>
    minibatches({ samples: N, batch, sampler: 'epoch', rng: stream.split('minibatches').split(p) }),
  );
  const paths = (epochs) =>
    sntkPaths(spectrum, r0, { ...training, batch, paths: PATHS, epochs, rng: stream.split(`${epochs}`) });
  return {
    sgd: kernelSgd(spectrum.K, r0, { ...training, batches }),
    epochs: paths(true),
    steps: paths(false),
  };
}

/** Variance in each eigenmode of the kernel by groups of paths, `[groups][N]`. */
function modeVariances({ residual }) {
  const block = tensor(residual, { backend, shape: [N, PATHS] });
  const c = toFloat64(matmul(transpose(spectrum.Q), block));
  const size = PATHS / GROUPS;
  return Array.from({ length: GROUPS }, (_, g) =>
    Array.from({ length: N }, (__, j) => {
      const row = c.subarray(j * PATHS + g * size, j * PATHS + (g + 1) * size);
      const mean = row.reduce((sum, value) => sum + value / size, 0);
      return row.reduce((sum, value) => sum + (value - mean) ** 2 / (size - 1), 0);
    }),
  );
}

function summarize(values) {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const scatter = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(scatter / values.length) };
}

/** The trace of the covariance over that of kernel SGD, with its standard error. */
function traceRatio(ensemble, reference) {
  const [a, b] = [ensemble, reference].map((one) =>
    summarize(modeVariances(one).map((modes) => modes.reduce((sum, value) => sum + value, 0))),
  );
  const mean = a.mean / b.mean;
  return { mean, error: mean * Math.hypot(a.error / a.mean, b.error / b.mean) };
}

const LABELS = {
  sgd: 'kernel SGD on epochs',
  epochs: 'SNTK, noise of epochs',
  steps: 'SNTK, independent steps',
};

function barred(label, x, points) {
  return {
    label,
    x,
    y: points.map(({ mean }) => mean),
    bars: {
      low: points.map(({ mean, error }) => mean - error),
      high: points.map(({ mean, error }) => mean + error),
    },
  };
}

function sweep(name, values, run, x) {
  const ratios = values.map((value) => {
    const { sgd, epochs, steps } = run(value);
    return { epochs: traceRatio(epochs, sgd), steps: traceRatio(steps, sgd) };
  });
  const series = ['epochs', 'steps'].map((kind) =>
    barred(
      LABELS[kind],
      values,
      ratios.map((ratio) => ratio[kind]),
    ),
  );
  const svg = lineChart({
    title: `Variance over that of kernel SGD on epochs, N = ${N}`,
    series: [...series, { label: 'equal', x: values, y: values.map(() => 1), reference: true }],
    x,
    y: { label: 'ratio of variances', log: true },
    width: 520,
    height: 330,
  });
  return { name, svg, values: { points: values, ratios } };
}

function modes() {
  const all = ensembles(8, 0.1);
  const { values } = spectrum;
  const series = ['sgd', 'epochs', 'steps'].map((kind) => {
    const groups = modeVariances(all[kind]);
    const points = Array.from(values, (_, j) => summarize(groups.map((group) => group[j])));
    return { label: LABELS[kind], x: Array.from(values), y: points.map(({ mean }) => mean) };
  });
  const at = (j) => Object.fromEntries(series.map(({ label, y: variance }) => [label, variance[j]]));
  return {
    name: 'modes',
    svg: lineChart({
      title: `Variance in each eigenmode of K after ${TIME / 0.1} steps, b = 8`,
      series,
      x: { label: 'eigenvalue of K', log: true },
      y: { label: 'variance over paths', log: true },
      width: 520,
      height: 330,
    }),
    values: { stiffest: at(N - 1), middle: at(N / 2), slowest: at(0) },
  };
}

const BATCHES = [2, 4, 8, 16, 32];
const RATES = [0.025, 0.05, 0.1, 0.2, 0.4];

const folder = fileURLToPath(new URL('../public/epochs/', import.meta.url));
mkdirSync(folder, { recursive: true });
function save({ name, svg, values }) {
  writeFileSync(`${folder}${name}.svg`, svg);
  if (process.argv.includes('--png')) writeFileSync(`${folder}${name}.png`, toPng(svg));
  record('epochs', name, {
    values,
    scripts: ['apps/docs/scripts/epoch-figures.mjs'],
    files: [`apps/docs/public/epochs/${name}.svg`],
  });
  return values.ratios;
}

const overBatch = save(
  sweep('batch', BATCHES, (batch) => ensembles(batch, 0.1), { label: 'minibatch size b', log: true }),
);
const overRate = save(
  sweep('rate', RATES, (rate) => ensembles(8, rate), { label: 'learning rate / (2N/λ_max)', log: true }),
);
save(modes());

/** A ratio with its standard error, which has one or two digits. */
function stated({ mean, error }) {
  const decimals = mean < 10 ? 2 : 1;
  return `${mean.toFixed(decimals)} ± ${error.toFixed(decimals)}`;
}
const row = (batch, rate, { epochs, steps }) => [`${batch}`, `${rate}`, stated(epochs), stated(steps)];
const all = [...overBatch, ...overRate];
record('epochs', 'ratios', {
  values: {
    paths: PATHS,
    epochs: rangeOf(all.map(({ epochs }) => epochs.mean)),
    inErrors: Math.max(...all.map(({ epochs }) => Math.abs(epochs.mean - 1) / epochs.error)),
    steps: rangeOf(all.map(({ steps }) => steps.mean)),
    table: [
      ['$b$', '$\\eta \\cdot \\lambda_{\\max}/2N$', 'SNTK, noise of epochs', 'SNTK, independent steps'],
      ...overBatch.map((ratio, i) => row(BATCHES[i], 0.1, ratio)),
      ...overRate.flatMap((ratio, i) => (RATES[i] === 0.1 ? [] : [row(8, RATES[i], ratio)])),
    ],
  },
  scripts: ['apps/docs/scripts/epoch-figures.mjs'],
});
