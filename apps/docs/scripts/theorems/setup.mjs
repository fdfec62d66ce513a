// What the figures share: data, networks, and statistics of draws.
import { erfActivation, fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { cholesky, matmul, ndarrayBackend, tensor, toFloat64 } from '@sntk/linalg';
import { lineChart } from '@sntk/plot';
import { createRng } from '@sntk/random';

export const backend = ndarrayBackend();
export const rng = createRng('theorems');

/** Two moons of noise 0.1, as tensors. */
export function moons(samples, label = 'moons') {
  const { X, y } = twoMoons({ samples, noise: 0.1, rng: rng.split(label).split(samples) });
  return {
    X: tensor(X, { backend }),
    Y: tensor(y, { backend, shape: [samples, 1] }),
    y,
  };
}

/** The paper's architecture: three hidden ReLU layers. Its kernels of infinite width do not depend on the width. */
export const paperNetwork = fullyConnected({ inputs: 2, hidden: [1024, 1024, 1024] });

/** Two hidden layers of a smooth activation, as the paper's assumptions ask for. */
export const smoothNetwork = (width) =>
  fullyConnected({ inputs: 2, hidden: [width, width], activation: erfActivation });

/** Functions drawn from a Gaussian process, `[N]` each. */
export function drawFunctions(covariance, stream, count) {
  const [N] = covariance.shape;
  const { L } = cholesky(covariance, { jitter: 1e-6 });
  return Array.from({ length: count }, (_, p) => {
    const xi = new Float64Array(N);
    stream.split(p).fillNormal(xi);
    return toFloat64(matmul(L, tensor(xi, { backend, shape: [N, 1] })));
  });
}

/** Mean and standard error of values. */
export function summarize(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scatter = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, error: Math.sqrt(scatter / values.length) };
}

/** A series of means with bars of one standard error. */
export function seriesOf(label, x, drawsAt) {
  const points = drawsAt.map(summarize);
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

/** The series of a `measureRate`, its slope in the label. */
export function seriesOfRate(label, rate) {
  const { sizes, means, standardErrors, slope, slopeError } = rate;
  return {
    label: `${label}: slope ${signed(slope)} ± ${slopeError.toFixed(2)}`,
    x: sizes,
    y: means,
    bars: {
      low: means.map((mean, s) => mean - standardErrors[s]),
      high: means.map((mean, s) => mean + standardErrors[s]),
    },
  };
}

/** A reference line `size^order` through the first mean of a rate. */
export function powerLine(label, rate, order, factor = 1) {
  const { sizes, means } = rate;
  return {
    label,
    x: sizes,
    y: sizes.map((size) => factor * means[0] * (size / sizes[0]) ** order),
    reference: true,
  };
}

/** A chart over the width, both axes logarithmic. */
export function widthChart({ title, series, y, height = 320 }) {
  return lineChart({
    title,
    series,
    x: { label: 'width n', log: true },
    y: { label: y, log: true },
    width: 460,
    height,
  });
}

/** What a page says of a rate. */
export const rateValues = ({ slope, slopeError, holds }) => ({ slope, slopeError, holds });

const signed = (value) => value.toFixed(2).replace('-', '−');
