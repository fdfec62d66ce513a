// Lemma 6, and random functions.
import { analyticKernel } from '@sntk/kernels';
import { toFloat64 } from '@sntk/linalg';
import { forward, initialize } from '@sntk/mlp';
import { functionNoise } from '@sntk/noise';
import { measureCovariance, measureRate } from '@sntk/noise/measurements';
import { lineChart } from '@sntk/plot';
import { minibatches } from '@sntk/random';
import { rangeOf } from '../measured.mjs';
import {
  drawFunctions,
  moons,
  paperNetwork,
  rateValues,
  rng,
  seriesOf,
  smoothNetwork,
  summarize,
} from './setup.mjs';

/** Lemma 6: the covariance of real minibatch gradients beside the kernels that are said to be theirs. */
export function martingale() {
  const N = 60;
  const { X, y } = moons(N, 'lemma 6');
  const { ntk: K, nngp } = analyticKernel(paperNetwork, { X });
  const stream = rng.split('lemma 6');
  const [f] = drawFunctions(nngp, stream.split('f'), 1);
  const r = f.map((value, i) => value - y[i]);
  const k = toFloat64(K);
  const sizes = [1, 2, 4, 8, 16, 32, 60];
  const steps = 2000;
  const kinds = { exact: [], leading: [], within: [], printed: [] };
  const measured = sizes.map((b) => {
    const batches = minibatches({
      samples: N,
      batch: b,
      sampler: 'without-replacement',
      rng: stream.split(b),
    });
    const spread = { within: [], printed: [] };
    const draws = Array.from({ length: steps }, (_, step) => {
      const members = batches.at(step);
      if (step < 100) {
        for (const kind of ['within', 'printed']) {
          spread[kind].push(functionNoise(K, r, { kind, members }).trace());
        }
      }
      return Float64Array.from({ length: N }, (__, m) =>
        members.reduce((sum, i) => sum + (k[m * N + i] * r[i]) / b, 0),
      );
    });
    kinds.within.push(summarize(spread.within).mean);
    kinds.printed.push(summarize(spread.printed).mean);
    for (const kind of ['exact', 'leading'])
      kinds[kind].push(functionNoise(K, r, { kind, batch: b }).trace());
    const exact = functionNoise(K, r, { kind: 'exact', batch: b }).toDense();
    const mean = draws[0].map((_, m) => summarize(draws.map((draw) => draw[m])).mean);
    const trace = draws.map((draw) => draw.reduce((sum, value, m) => sum + (value - mean[m]) ** 2, 0));
    return { b, draws, exact, error: summarize(trace).error };
  });
  const results = measured.map(({ draws, exact, b }) =>
    b === N ? undefined : measureCovariance(draws, exact),
  );
  const traces = results.map((result, s) => (result ? result.traceRatio * kinds.exact[s] : 0));
  const last = sizes.length - 1;
  const upTo = (values) => values.slice(0, last);
  return [
    {
      name: 'lemma-6',
      svg: lineChart({
        title: 'Whose covariance do minibatch gradients have?',
        series: [
          {
            label: 'minibatch gradients, measured',
            x: upTo(sizes),
            y: upTo(traces),
            bars: {
              low: upTo(traces).map((trace, s) => trace - measured[s].error),
              high: upTo(traces).map((trace, s) => trace + measured[s].error),
            },
          },
          { label: 'exact, (22)', x: upTo(sizes), y: upTo(kinds.exact), reference: true },
          { label: 'calibrated SNTK, (23)', x: upTo(sizes), y: upTo(kinds.leading) },
          { label: 'K_S as printed, (25)', x: sizes, y: kinds.printed },
          { label: 'within the batch, (24)', x: sizes.slice(1), y: kinds.within.slice(1) },
        ],
        x: { label: 'minibatch size b', log: true },
        y: { label: 'trace of the covariance', log: true },
        width: 460,
        height: 330,
      }),
      values: {
        exact: upTo(results).every(({ holds }) => holds),
        gapPercent: rangeOf(upTo(results).map((result) => 100 * result.measured)),
        samplingPercent: rangeOf(upTo(results).map((result) => 100 * result.samplingError)),
        leadingOverExact: rangeOf(upTo(kinds.leading).map((leading, s) => leading / kinds.exact[s])),
        printedOverMeasured: Object.fromEntries(upTo(sizes).map((b, s) => [b, kinds.printed[s] / traces[s]])),
        fullBatch: { printed: kinds.printed[last], exact: kinds.exact[last] },
      },
    },
  ];
}

/** A kernel as a sum over random functions, (20): networks at initialization against the NNGP kernel. */
export function randomFunctions() {
  const { X } = moons(20, 'random functions');
  const mean = new Float64Array(20);
  const network = smoothNetwork(128);
  const { nngp } = analyticKernel(network, { X });
  const stream = rng.split('random functions');
  const total = 4096;
  const networks = Array.from({ length: total }, (_, p) =>
    toFloat64(forward(network, initialize(network, { rng: stream.split(p) }), X)).slice(),
  );
  const counts = [4, 16, 64, 256];
  const results = counts.map((P) =>
    Array.from({ length: total / P }, (_, g) =>
      measureCovariance(networks.slice(g * P, (g + 1) * P), nngp, { mean }),
    ),
  );
  // Squares, whose mean is exactly in 1/P.
  const gaps = results.map((draws) => draws.map(({ measured }) => measured ** 2));
  const rate = measureRate(counts, gaps, { order: -1 });
  const K = toFloat64(nngp);
  const square = K.reduce((sum, value) => sum + value * value, 0);
  const trace = K.reduce((sum, value, p) => (p % 21 === 0 ? sum + value : sum), 0);
  const predicted = counts.map((P) => (trace ** 2 + square) / P / square);
  return [
    {
      name: 'random-functions',
      svg: lineChart({
        title: 'A kernel from P random functions',
        series: [
          seriesOf('networks at initialization', counts, gaps),
          { label: 'mean for Gaussian functions, (20)', x: counts, y: predicted, reference: true },
        ],
        x: { label: 'functions P', log: true },
        y: { label: '‖K̃ − K‖² / ‖K‖²', log: true },
        width: 460,
        height: 280,
      }),
      values: {
        ...rateValues(rate),
        standardErrorsOff: rangeOf(
          predicted.map((value, c) => Math.abs(rate.means[c] - value) / rate.standardErrors[c]),
        ),
      },
    },
  ];
}
