// Theorem 1, Lemmas 2 to 4 and Assumption 2, on the paper's data and kernel.
import { fullyConnected } from '@sntk/architecture';
import { analyticKernel } from '@sntk/kernels';
import { tensor } from '@sntk/linalg';
import { empiricalNtk, initialize } from '@sntk/mlp';
import { measureDecorrelation, measureRate, measureTheoremOne, separation } from '@sntk/noise/measurements';
import { lineChart } from '@sntk/plot';
import { rangeOf } from '../measured.mjs';
import {
  backend,
  drawFunctions,
  moons,
  paperNetwork,
  powerLine,
  rateValues,
  rng,
  seriesOf,
  seriesOfRate,
  summarize,
  widthChart,
} from './setup.mjs';

/** Theorem 1 and Lemmas 3 and 4 over batch sizes: N = 500, residuals of functions at initialization. */
export function theoremOne() {
  const N = 500;
  const { X, y } = moons(N);
  const { ntk, nngp } = analyticKernel(paperNetwork, { X });
  const stream = rng.split('theorem one');
  const residuals = drawFunctions(nngp, stream.split('f'), 8).map((f) => f.map((value, i) => value - y[i]));
  const sizes = [2, 4, 8, 16, 32, 64, 128, 256, 500];
  const results = sizes.map((b) =>
    residuals.map((r, p) => measureTheoremOne(ntk, r, stream.split('B').split(b).split(p).choice(N, b))),
  );
  const of = (pick) => results.map((draws) => draws.map(pick));
  const line = (label, pick) => ({
    label,
    x: sizes,
    y: of(pick).map((v) => summarize(v).mean),
    reference: true,
  });
  const theorem = lineChart({
    title: 'Theorem 1 on two moons: its bound falls, its error does not',
    series: [
      seriesOf(
        'largest |E| measured',
        sizes,
        of(({ printed }) => printed.measured),
      ),
      line('bound as printed', ({ printed }) => printed.bound),
      line('corrected bound', ({ corrected }) => corrected.bound),
      line('sharper bound', ({ sharp }) => sharp.bound),
    ],
    x: { label: 'minibatch size b', log: true },
    y: { label: 'error of the covariance', log: true },
    width: 460,
    height: 320,
  });
  const ratios = lineChart({
    title: 'How much of each bound is used',
    series: [
      seriesOf(
        'Theorem 1 as printed',
        sizes,
        of(({ printed }) => printed.ratio),
      ),
      seriesOf(
        'Theorem 1, sharper bound',
        sizes,
        of(({ sharp }) => sharp.ratio),
      ),
      medianSeries(
        'Lemma 3 as printed, worst pair',
        sizes,
        of(({ crossPrinted }) => crossPrinted.ratio),
      ),
      seriesOf(
        'Lemma 4, trace',
        sizes,
        of(({ trace }) => trace.ratio),
      ),
      { label: 'bound', x: [2, 500], y: [1, 1], reference: true },
    ],
    x: { label: 'minibatch size b', log: true },
    y: { label: 'measured / bound', log: true },
    width: 460,
    height: 300,
  });
  const broken = (pick) => {
    const counts = results.map((draws) => draws.filter((result) => !pick(result).holds).length);
    return {
      draws: residuals.length,
      brokenAt: Object.fromEntries(sizes.map((b, s) => [b, counts[s]])),
      firstBroken: sizes[counts.findIndex((count) => count > 0)],
      firstAlways:
        sizes[counts.findIndex((_, s) => counts.slice(s).every((count) => count === residuals.length))],
      holds: counts.every((count) => count === 0),
    };
  };
  const last = sizes.length - 1;
  const percent = (ratio) => 100 * Math.max(...of(ratio).flat());
  return [
    {
      name: 'theorem-1',
      svg: theorem,
      values: {
        samples: N,
        delta: results[0][0].delta,
        error: rangeOf(of(({ printed }) => printed.measured).map((values) => summarize(values).mean)),
        printed: broken(({ printed }) => printed),
        corrected: broken(({ corrected }) => corrected),
        sharp: broken(({ sharp }) => sharp),
        ratioAtFullBatch: summarize(of(({ printed }) => printed.ratio)[last]).mean,
      },
    },
    {
      name: 'bounds',
      svg: ratios,
      values: {
        lemma3: broken(({ crossPrinted }) => crossPrinted),
        lemma3AtFullBatch: median(results[last].map(({ crossPrinted }) => crossPrinted.ratio)),
        lemma4: broken(({ trace }) => trace),
        lemma4Percent: percent(({ trace }) => trace.ratio),
        sharpPercent: percent(({ sharp }) => sharp.ratio),
      },
    },
  ];
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Medians: at pairs of points where K_S is nearly 0 a ratio has no mean. */
const medianSeries = (label, x, drawsAt) => ({ label, x, y: drawsAt.map(median) });

/** Assumption 2's δ over the number of examples, for three kernels. */
export function separationOfMoons() {
  const counts = [10, 20, 50, 100, 200, 400];
  const kernels = [1, 3, 10].map((depth) => ({
    label: `${depth} hidden layer${depth > 1 ? 's' : ''}`,
    network: fullyConnected({ inputs: 2, hidden: new Array(depth).fill(1) }),
  }));
  const draws = counts.map((N) => Array.from({ length: 6 }, (_, k) => moons(N, `separation ${k}`).X));
  const gaps = kernels.map(({ network }) =>
    draws.map((sets) => sets.map((X) => 1 - separation(analyticKernel(network, { X }).ntk))),
  );
  const mean = (k, c) => summarize(gaps[k][c]).mean;
  const last = counts.length - 1;
  return [
    {
      name: 'separation',
      svg: lineChart({
        title: 'Assumption 2 on two moons: δ is nearly 1',
        series: kernels.map(({ label }, k) => seriesOf(label, counts, gaps[k])),
        x: { label: 'examples N', log: true },
        y: { label: '1 − δ', log: true },
        width: 460,
        height: 300,
      }),
      values: {
        threeLayers: { fewest: mean(1, 0), most: mean(1, last) },
        tenLayersOverOne: { fewest: mean(2, 0) / mean(0, 0), most: mean(2, last) / mean(0, last) },
      },
    },
  ];
}

/** Lemma 2 at finite width, with the δ of infinite width. */
export function decorrelation() {
  const X = tensor(
    [
      [1, 0],
      [0.8, 0.5],
      [-1, 0.3],
    ],
    { backend },
  );
  const widths = [32, 64, 128, 256, 512];
  const network = (width) => fullyConnected({ inputs: 2, hidden: [width, width] });
  const delta = separation(analyticKernel(network(1), { X }).ntk);
  const results = widths.map((width) =>
    Array.from({ length: 100 }, (_, draw) => {
      const theta = initialize(network(width), { rng: rng.split('lemma 2').split(width).split(draw) });
      return measureDecorrelation(empiricalNtk(network(width), theta, { X }), { delta });
    }),
  );
  const excess = results.map((draws) => draws.map(({ measured, bound }) => Math.abs(measured - bound)));
  const rate = measureRate(widths, excess, { order: -0.5 });
  return [
    {
      name: 'lemma-2',
      svg: widthChart({
        title: 'Lemma 2: what a finite width adds to √δ',
        series: [seriesOfRate('| max cosine − √δ |', rate), powerLine('n^(−1/2)', rate, -0.5)],
        y: 'difference',
        height: 280,
      }),
      values: {
        ...rateValues(rate),
        aboveRootDelta: rangeOf(results.map((draws) => draws.filter(({ holds }) => !holds).length)),
      },
    },
  ];
}
