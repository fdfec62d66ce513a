// What falls with the width, and what does not: Lemmas 1 and 5, the drift (11), the lazy meters (12), Hanin and Nica.
import { fullyConnected } from '@sntk/architecture';
import { eye, sub, tensor, toFloat64 } from '@sntk/linalg';
import {
  empiricalNtk,
  exampleGradients,
  forward,
  hvp,
  initialize,
  lazyMeters,
  ntkDrift,
  train,
} from '@sntk/mlp';
import { ntkFluctuations } from '@sntk/mlp/experiments';
import { gradientNoise } from '@sntk/noise';
import { measureHessianTrace, measureRate, measureResiduals } from '@sntk/noise/measurements';
import { lineChart } from '@sntk/plot';
import { rangeOf } from '../measured.mjs';
import {
  backend,
  moons,
  powerLine,
  rateValues,
  rng,
  seriesOfRate,
  smoothNetwork,
  widthChart,
} from './setup.mjs';

/** Full-batch training of networks of several widths: Lemma 1 and the lazy meters at the end of the same runs. */
export async function training() {
  const { X, Y } = moons(16, 'training');
  const widths = [16, 32, 64, 128, 256];
  const draws = 6;
  const [steps, learningRate] = [120, 0.5];
  const values = {};
  const record = (w, entries) => {
    for (const [name, value] of Object.entries(entries)) {
      values[name] ??= widths.map(() => []);
      values[name][w].push(value);
    }
  };
  let held = 0;
  for (const [w, width] of widths.entries()) {
    const network = smoothNetwork(width);
    for (let draw = 0; draw < draws; draw++) {
      const theta0 = initialize(network, { rng: rng.split('training').split(width).split(draw) });
      const residualAt = (theta) => toFloat64(sub(forward(network, theta, X), Y)).slice();
      const residuals = [residualAt(theta0)];
      let theta = theta0;
      for await (const { checkpoint } of train(network, theta0, { X, Y, steps, learningRate, every: 10 })) {
        theta = checkpoint.theta;
        residuals.push(residualAt(theta));
      }
      const { measured, moved, holds } = measureResiduals(residuals);
      held += holds ? 1 : 0;
      const meters = lazyMeters(network, theta0, theta, { X });
      record(w, {
        residual: measured,
        moved,
        distance: Math.hypot(...theta.map((value, p) => value - theta0[p])),
        parameterChange: meters.parameterChange,
        kernelChange: meters.kernelChange,
        misalignment: 1 - meters.kernelAlignment,
        linearizationGap: meters.linearizationGap,
      });
    }
  }
  const rate = (name, order) => measureRate(widths, values[name], { order });
  const rates = {
    residual: rate('residual', 0),
    moved: rate('moved', -0.5),
    distance: rate('distance', -0.5),
    parameterChange: rate('parameterChange', -0.5),
    kernelChange: rate('kernelChange', -0.5),
    misalignment: rate('misalignment', -0.5),
    linearizationGap: rate('linearizationGap', -0.5),
  };
  const valuesOf = (names) => ({
    hold: names.every((name) => rates[name].holds),
    ...Object.fromEntries(names.map((name) => [name, rateValues(rates[name])])),
  });
  return [
    {
      name: 'lemma-1',
      svg: widthChart({
        title: 'Lemma 1: residuals stay bounded, because f does move',
        series: [
          seriesOfRate('largest |r(t)|', rates.residual),
          seriesOfRate('largest |f(t) − f(0)|', rates.moved),
          seriesOfRate('‖θ(t) − θ(0)‖', rates.distance),
          powerLine('n^(−1/2), as the proof has the last two', rates.moved, -0.5),
        ],
        y: 'after training',
      }),
      values: { held, runs: widths.length * draws, ...valuesOf(['residual', 'moved', 'distance']) },
    },
    {
      name: 'lazy-meters',
      svg: widthChart({
        title: 'Lazy meters after training',
        series: [
          seriesOfRate('parameter change', rates.parameterChange),
          seriesOfRate('kernel change', rates.kernelChange),
          seriesOfRate('1 − kernel alignment', rates.misalignment),
          seriesOfRate('linearization gap', rates.linearizationGap),
          powerLine('n^(−1/2)', rates.kernelChange, -0.5),
        ],
        y: 'meter',
        height: 360,
      }),
      values: valuesOf(['parameterChange', 'kernelChange', 'misalignment', 'linearizationGap']),
    },
  ];
}

/** Lemma 5: the Itô correction, with the norm of the Hessian and the bound of its proof. */
export function hessianTrace() {
  const { X, Y } = moons(16, 'lemma 5');
  const widths = [16, 32, 64, 128];
  const draws = 12;
  const learningRate = 0.5;
  const x = tensor([[0.5, 0.25]], { backend });
  const one = tensor([[1]], { backend });
  const found = { trace: [], norm: [], bound: [] };
  let held = 0;
  for (const width of widths) {
    const network = smoothNetwork(width);
    const results = Array.from({ length: draws }, (_, draw) => {
      const stream = rng.split('lemma 5').split(width).split(draw);
      const theta = initialize(network, { rng: stream });
      const residuals = sub(forward(network, theta, X), Y);
      const G = exampleGradients(network, theta, { X, cotangent: residuals });
      const noise = gradientNoise(G, { kind: 'printed', members: [0, 2, 5, 7, 8, 11, 13, 15] });
      const result = measureHessianTrace(hessian(network, theta, x, one), noise, {
        learningRate,
        rng: stream.split('lanczos'),
      });
      held += result.holds ? 1 : 0;
      return result;
    });
    found.trace.push(results.map(({ measured }) => measured));
    found.norm.push(results.map(({ hessianNorm }) => hessianNorm));
    found.bound.push(results.map(({ bound }) => bound));
  }
  const rates = Object.fromEntries(
    Object.entries(found).map(([name, at]) => [name, measureRate(widths, at, { order: -0.5 })]),
  );
  return [
    {
      name: 'lemma-5',
      svg: widthChart({
        title: 'Lemma 5: the Itô correction of a wide network',
        series: [
          seriesOfRate('|Tr[∇²f ηΣ]|', rates.trace),
          seriesOfRate('its bound η ‖∇²f‖ Tr Σ', rates.bound),
          seriesOfRate('‖∇²f‖', rates.norm),
          powerLine('n^(−1/2)', rates.norm, -0.5),
          {
            label: '√(log n / n)',
            x: widths,
            y: widths.map(
              (n) => rates.norm.means[0] * Math.sqrt((Math.log(n) / n / Math.log(widths[0])) * widths[0]),
            ),
            reference: true,
          },
        ],
        y: 'at initialization',
      }),
      values: {
        held,
        networks: widths.length * draws,
        boundOverTrace: rangeOf(widths.map((_, w) => rates.bound.means[w] / rates.trace.means[w])),
        trace: rateValues(rates.trace),
        norm: rateValues(rates.norm),
      },
    },
  ];
}

/** The Hessian of one output as an operator. */
function hessian(network, theta, x, one) {
  const P = theta.length;
  const apply = (V) => {
    const q = V.shape[1];
    const v = toFloat64(V);
    const out = new Float64Array(P * q);
    for (let k = 0; k < q; k++) {
      const tangent = Float64Array.from({ length: P }, (_, p) => v[p * q + k]);
      hvp(network, theta, { X: x, cotangent: one, tangent }).forEach((value, p) => {
        out[p * q + k] = value;
      });
    }
    return tensor(out, { backend, shape: [P, q] });
  };
  return { size: P, backend, dtype: 'float64', apply, toDense: () => apply(eye(P, { backend })) };
}

/** The drift of the kernel at initialization, (11). */
export function kernelDrift() {
  const { X, Y } = moons(16, 'drift');
  const widths = [16, 32, 64, 128, 256];
  const norm = (A) => Math.hypot(...toFloat64(A));
  const draws = widths.map((width) =>
    Array.from({ length: 60 }, (_, draw) => {
      const network = smoothNetwork(width);
      const theta = initialize(network, { rng: rng.split('drift').split(width).split(draw) });
      return norm(ntkDrift(network, theta, { X, Y })) / norm(empiricalNtk(network, theta, { X }));
    }),
  );
  const rate = measureRate(widths, draws, { order: -0.5 });
  return [
    {
      name: 'kernel-drift',
      svg: widthChart({
        title: 'The tangent kernel stands still as the width grows',
        series: [
          seriesOfRate('‖∂Θ/∂t‖ / ‖Θ‖', rate),
          powerLine('n^(−1/2), the bound', rate, -0.5),
          powerLine('n^(−1)', rate, -1),
        ],
        y: 'relative drift at the start',
        height: 280,
      }),
      values: rateValues(rate),
    },
  ];
}

/** Hanin and Nica: fluctuations of the kernel at one point over β = Σ 1/n. */
export function haninNica() {
  const shapes = [
    [2, 32],
    [2, 16],
    [3, 16],
    [4, 16],
    [3, 8],
    [4, 8],
    [6, 8],
    [8, 8],
  ];
  const networks = shapes.map(([depth, width]) =>
    fullyConnected({ inputs: 2, hidden: new Array(depth).fill(width), biasVariance: 0 }),
  );
  const x = tensor([[0.6, 0.8]], { backend });
  const { points, slope, slopeError } = ntkFluctuations({
    networks,
    draws: 3000,
    x,
    rng: rng.split('hanin nica'),
  });
  const sorted = [...points].sort((a, b) => a.beta - b.beta);
  const beta = sorted.map((point) => point.beta);
  return [
    {
      name: 'hanin-nica',
      svg: lineChart({
        title: 'Hanin and Nica: finite networks fluctuate with depth over width',
        series: [
          {
            label: 'ReLU networks, 3,000 draws each',
            x: beta,
            y: sorted.map(({ logRatio }) => logRatio),
            bars: {
              low: sorted.map(({ logRatio, logRatioError }) => logRatio - logRatioError),
              high: sorted.map(({ logRatio, logRatioError }) => logRatio + logRatioError),
            },
          },
          {
            label: `${slope.toFixed(2)} β, fitted`,
            x: beta,
            y: beta.map((value) => slope * value),
            reference: true,
          },
          { label: '5β', x: beta, y: beta.map((value) => 5 * value), reference: true },
        ],
        x: { label: 'β = Σ 1/n over hidden layers' },
        y: { label: 'log E Θ² / (E Θ)²' },
        width: 460,
        height: 280,
      }),
      values: { slope, slopeError },
    },
  ];
}
