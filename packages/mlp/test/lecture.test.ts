import { ACTIVATIONS, type Architecture, erfActivation, network as networkOf } from '@sntk/architecture';
import { type FloatArray, ndarrayBackend, tensor, toArray, toFloat64 } from '@sntk/linalg';
import { createRng, type Minibatches, type Rng } from '@sntk/random';
import { expectClose, meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { fitLine, type LineFit } from '../src/estimates.ts';
import {
  empiricalNtk,
  forward,
  hvp,
  initialize,
  jacobian,
  ntkDrift,
  parameterViews,
  trainSgd,
} from '../src/index.ts';

// f = n^{−1/2} W₁ ψ(W₀ x), all entries from N(0, 1), no biases, loss (1/2m) Σ (f − y)²: the network of a lecture and its
// exercises, whose formulas are written out by hand.
const backend = ndarrayBackend();
const rng = createRng('lecture');
const [d, m] = [3, 4];
const ψ = erfActivation;

function lecture(n: number, activation = ψ): Architecture {
  return networkOf(
    d,
    {
      kind: 'dense',
      outputs: n,
      weightVariance: d,
      biasVariance: 0,
      parameterization: { weightScale: 1, biasScale: 0 },
    },
    { kind: 'activation', activation },
    { kind: 'dense', outputs: 1, weightVariance: 1, biasVariance: 0, parameterization: 'ntk' },
  );
}

const x = new Float64Array(m * d);
rng.split('x').fillNormal(x);
const X = tensor(x, { backend, shape: [m, d] });
const y = [1, -1, 0.5, 2];
const Y = tensor(
  y.map((value) => [value]),
  { backend },
);
const points = [0, 1, 2, 3];
const inner = (α: number, β: number): number => {
  let sum = 0;
  for (let p = 0; p < d; p++) sum += x[α * d + p] * x[β * d + p];
  return sum;
};
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** The network at some parameters: pre-activations `h(α, i)` and outer weights `a(i)`. */
function open(n: number, theta: FloatArray) {
  const [W0, W1] = parameterViews(lecture(n), theta).map(({ values }) => values);
  const h = (α: number, i: number): number =>
    dot(W0.subarray(i * d, (i + 1) * d), x.subarray(α * d, (α + 1) * d));
  const mean = (term: (i: number) => number): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += term(i);
    return sum / n;
  };
  return { h, a: (i: number): number => W1[i], mean };
}

describe('the lecture’s network', () => {
  const n = 7;
  const architecture = lecture(n);
  const theta = initialize(architecture, { rng });
  const P = theta.length;
  const { h, a, mean } = open(n, theta);
  const J = toArray(jacobian(architecture, theta, { X }));
  const g = (α: number): FloatArray => J.subarray(α * P, (α + 1) * P);
  const f = toArray(forward(architecture, theta, X));

  it('has a kernel of two terms, one of each layer (exercise 1)', () => {
    const K = toArray(empiricalNtk(architecture, theta, { X }));
    const layers = parameterViews(architecture, theta).map(({ values }) => values.byteOffset / 8);
    for (const α of points) {
      for (const β of points) {
        const outer = mean((i) => ψ.value(h(α, i)) * ψ.value(h(β, i)));
        const slopes = mean((i) => a(i) ** 2 * ψ.derivative(h(α, i)) * ψ.derivative(h(β, i)));
        const within = slopes * inner(α, β);
        const [first, second] = layers;
        expectClose(dot(g(α).subarray(first, second), g(β).subarray(first, second)), within, {
          absolute: 1e-14,
        });
        expectClose(dot(g(α).subarray(second), g(β).subarray(second)), outer, { absolute: 1e-14 });
        expectClose(K[α * m + β], outer + within, { absolute: 1e-13 });
      }
    }
  });

  /** `g_βᵀ H_α g_γ` by a Hessian–vector product. */
  const bend = (β: number, α: number, γ: number): number => {
    const cotangent = tensor(
      points.map((point) => [point === α ? 1 : 0]),
      { backend },
    );
    return dot(g(β), hvp(architecture, theta, { X, cotangent, tangent: g(γ) }));
  };

  it('has g_βᵀ H_α g_γ of three terms (exercise 3, with ⟨x_α, x_γ⟩ where it prints ⟨x_α, x_β⟩)', () => {
    for (const α of points) {
      for (const β of points) {
        for (const γ of points) {
          const slope = (point: number, i: number): number => ψ.derivative(h(point, i));
          const terms =
            inner(α, γ) * mean((i) => a(i) * ψ.value(h(β, i)) * slope(α, i) * slope(γ, i)) +
            inner(α, β) * mean((i) => a(i) * ψ.value(h(γ, i)) * slope(α, i) * slope(β, i)) +
            inner(α, β) *
              inner(α, γ) *
              mean((i) => a(i) ** 3 * slope(β, i) * ψ.secondDerivative(h(α, i)) * slope(γ, i));
          expectClose(bend(β, α, γ), terms / Math.sqrt(n), { absolute: 1e-12 });
        }
      }
    }
  });

  const everything: Minibatches = { stepsPerEpoch: 1, at: () => Int32Array.from(points) };
  const descend = (from: FloatArray, steps: number, learningRate: number): FloatArray =>
    trainSgd(architecture, from, { X, Y, batches: everything, steps, learningRate }).theta;
  const kernelAt = (at: FloatArray): FloatArray => toArray(empiricalNtk(architecture, at, { X }));

  it('moves its kernel in real training as −(1/m) Σ r_γ [g_βᵀ H_α g_γ + g_αᵀ H_β g_γ] (exercise 2, with r_γ for r_α)', () => {
    const drift = toArray(ntkDrift(architecture, theta, { X, Y }));
    const K = kernelAt(theta);
    // One gradient step of size η changes the kernel by η ∂_t K + O(η²), which the combination of two removes.
    const eta = 1e-5;
    const [full, half] = [eta, eta / 2].map((rate) => kernelAt(descend(theta, 1, rate)));
    for (const α of points) {
      for (const β of points) {
        let exact = 0;
        for (const γ of points) exact -= ((f[γ] - y[γ]) / m) * (bend(β, α, γ) + bend(α, β, γ));
        const at = α * m + β;
        expectClose(drift[at], exact, { absolute: 1e-12 });
        // O(η²) of truncation and eps/η of rounding.
        expectClose((4 * half[at] - full[at] - 3 * K[at]) / eta, exact, { absolute: 1e-8 });
      }
    }
  });

  it('has moved its kernel, at the end of real training, by the integral of ∂_t K', () => {
    // Simpson's rule over the path of gradient descent with steps so small that it is the flow.
    const [intervals, steps, eta] = [20, 200, 2.5e-4];
    const total = new Float64Array(m * m);
    let at = theta;
    for (let k = 0; k <= intervals; k++) {
      const weight = (k === 0 || k === intervals ? 1 : k % 2 === 1 ? 4 : 2) / 3;
      const drift = toArray(ntkDrift(architecture, at, { X, Y }));
      for (let i = 0; i < total.length; i++) total[i] += weight * drift[i] * steps * eta;
      if (k < intervals) at = descend(at, steps, eta);
    }
    const [before, after] = [kernelAt(theta), kernelAt(at)];
    const change = after.map((value, i) => value - before[i]);
    expect(Math.max(...change.map(Math.abs))).toBeGreaterThan(0.1);
    // Descent differs from the flow by O(η) of the change.
    expectClose(total, change, { absolute: 2e-3 * Math.max(...change.map(Math.abs)) });
  });
});

describe('the drift of the lecture’s kernel, of order n^{−1/2} at most', () => {
  const widths = [64, 128, 256, 512];

  /** The slope over widths of the logarithm of a mean over draws, and its error. */
  function slopeOf(name: string, statistic: (n: number, random: Rng) => number): LineFit {
    const found = widths.map((n) =>
      meanAndStandardError(
        Float64Array.from({ length: 150 }, (_, i) => statistic(n, rng.split(name).split(n).split(i))),
      ),
    );
    return fitLine(
      widths.map(Math.log),
      found.map(({ mean }) => Math.log(mean)),
      found.map(({ mean, standardError }) => standardError / mean),
    );
  }

  /** `∂_t K` with the residuals 1, whatever the outputs. */
  function driftAt(architecture: Architecture, theta: FloatArray): Float64Array {
    const targets = toArray(forward(architecture, theta, X)).map((f) => f - 1);
    return toFloat64(ntkDrift(architecture, theta, { X, Y: tensor(targets, { backend, shape: [m, 1] }) }));
  }

  it('has that order where the averages over units have a mean: of positive outer weights and softplus units', () => {
    // A sum of averages over units, divided by √n: its expectation is exactly that.
    const { slope, slopeError } = slopeOf('positive', (n, random) => {
      const architecture = lecture(n, ACTIVATIONS.softplus);
      const theta = initialize(architecture, { rng: random });
      const outer = parameterViews(architecture, theta)[1].values;
      outer.forEach((a, i) => {
        outer[i] = Math.abs(a);
      });
      return -driftAt(architecture, theta).reduce((sum, value) => sum + value, 0);
    });

    expect(slopeError).toBeLessThan(0.05);
    expect(Math.abs(slope + 0.5)).toBeLessThan(4 * slopeError);
  });

  it('is of order 1/n at initialization, where outer weights are as often negative', () => {
    // The averages have no mean, so that their squares are of order 1/n on top of it.
    const { slope, slopeError } = slopeOf('drawn', (n, random) => {
      const architecture = lecture(n);
      const drift = driftAt(architecture, initialize(architecture, { rng: random }));
      return dot(drift, drift);
    });

    expect(slopeError).toBeLessThan(0.15);
    expect(Math.abs(slope / 2 + 1)).toBeLessThan(2 * slopeError);
  });
});
