import { type Architecture, erfActivation, linear, relu } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { expectClose, meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { empiricalNtk, forward, initialize, jacobian, ntkDrift, vjp } from '../src/index.ts';

// f(x) = m^{−1/2} Σ_r a_r φ(w_r·x + b_r), all of a, w, b drawn from N(0, 1): the first layer is not scaled by 1/√d, and
// there is no bias after the second. Its formulas are written out here by hand.
const backend = ndarrayBackend();
const [d, m, N] = [3, 5, 4];
const rng = createRng('shallow');

function shallow(activation: typeof relu): Architecture {
  const unscaled = { weightScale: 1, biasScale: 1 };
  return {
    inputs: d,
    layers: [
      { kind: 'dense', outputs: m, weightVariance: d, biasVariance: 1, parameterization: unscaled },
      { kind: 'activation', activation },
      { kind: 'dense', outputs: 1, weightVariance: 1, biasVariance: 0, parameterization: 'ntk' },
    ],
  };
}

const x = new Float64Array(N * d);
rng.split('x').fillNormal(x);
const X = tensor(x, { backend, shape: [N, d] });
const y = new Float64Array(N);
rng.split('y').fillNormal(y);

/** The parts of the network: w_r, b_r and a_r in the flat parameters, and each unit's pre-activation at each point. */
function parts(theta: ArrayLike<number>) {
  const w = (r: number, j: number): number => theta[r * d + j];
  const a = (r: number): number => theta[m * d + m + r];
  const h = (i: number, r: number): number => {
    let sum = theta[m * d + r];
    for (let j = 0; j < d; j++) sum += w(r, j) * x[i * d + j];
    return sum;
  };
  const inner = (i: number, j: number): number => {
    let sum = 1;
    for (let p = 0; p < d; p++) sum += x[i * d + p] * x[j * d + p];
    return sum;
  };
  return { a, h, inner };
}

const units = [...Array(m).keys()];
const points = [...Array(N).keys()];
const sumOver = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

describe.each([relu, erfActivation, linear])(
  'the shallow network m^{−1/2} Σ a_r φ(w_r·x + b_r), $name',
  (φ) => {
    const network = shallow(φ);
    const theta = initialize(network, { rng });
    const { a, h, inner } = parts(theta);
    const outputs = points.map((i) => sumOver(units.map((r) => a(r) * φ.value(h(i, r)))) / Math.sqrt(m));

    it('is what the architecture with an unscaled first layer computes', () => {
      expectClose(toArray(forward(network, theta, X)), outputs, { absolute: 1e-14 });
    });

    it('has the gradients ∂_{w_r} f = m^{−1/2} a_r φ′(h_r) x, ∂_{b_r} f the same without x, ∂_{a_r} f = m^{−1/2} φ(h_r)', () => {
      const J = toArray(jacobian(network, theta, { X }));
      const P = theta.length;
      for (const i of points) {
        for (const r of units) {
          const slope = (a(r) * φ.derivative(h(i, r))) / Math.sqrt(m);
          for (let j = 0; j < d; j++)
            expectClose(J[i * P + r * d + j], slope * x[i * d + j], { absolute: 1e-14 });
          expectClose(J[i * P + m * d + r], slope, { absolute: 1e-14 });
          expectClose(J[i * P + m * d + m + r], φ.value(h(i, r)) / Math.sqrt(m), { absolute: 1e-14 });
        }
      }
    });

    it('has the kernel (1/m) Σ [φ φ + a_r² φ′ φ′ (x·x′ + 1)]', () => {
      const kernel = toArray(empiricalNtk(network, theta, { X }));
      for (const i of points) {
        for (const j of points) {
          const terms = units.map((r) => {
            const slopes = φ.derivative(h(i, r)) * φ.derivative(h(j, r));
            return φ.value(h(i, r)) * φ.value(h(j, r)) + a(r) ** 2 * slopes * inner(i, j);
          });
          expectClose(kernel[i * N + j], sumOver(terms) / m, { absolute: 1e-13 });
        }
      }
    });

    it('loses its squared loss at the rate −(1/N²) rᵀ Θ̂ r in gradient flow', () => {
      const residuals = outputs.map((f, i) => f - y[i]);
      const cotangent = tensor(
        residuals.map((r) => [r / N]),
        { backend },
      );
      const gradient = vjp(network, theta, { X, cotangent });
      const kernel = toArray(empiricalNtk(network, theta, { X }));
      const quadratic = sumOver(
        points.flatMap((i) => points.map((j) => residuals[i] * kernel[i * N + j] * residuals[j])),
      );
      const loss = (at: Float64Array): number => {
        const f = toArray(forward(network, at, X));
        return sumOver(points.map((i) => (f[i] - y[i]) ** 2)) / (2 * N);
      };
      const step = 1e-6;
      const [later, earlier] = [step, -step].map((s) =>
        loss(Float64Array.from(theta, (t, p) => t - s * gradient[p])),
      );
      // step² of truncation and eps/step of rounding.
      expectClose((later - earlier) / (2 * step), -quadratic / N ** 2, { absolute: 1e-8 });
    });
  },
);

describe('the shallow network', () => {
  it('starts with a, w and b all of variance 1', () => {
    const network = shallow(relu);
    const draws = 4000;
    const squares = new Float64Array(draws);
    for (let i = 0; i < draws; i++) {
      const theta = initialize(network, { rng: rng.split(i) });
      const used = theta.subarray(0, m * d + m + m);
      squares[i] = sumOver(Array.from(used, (t) => t * t)) / used.length;
    }
    const { mean, standardError } = meanAndStandardError(squares);
    expect(Math.abs(mean - 1)).toBeLessThan(4 * standardError);
  });

  it('has, with linear units and one point, the drift −(4/m)(|x|² + 1)(f − y) f', () => {
    // For φ(h) = h: Θ̂ = (1/m) Σ (h_r² + a_r² q), q = |x|² + 1, and ḣ_r = −r a_r q/√m, ȧ_r = −r h_r/√m, so
    // ∂_t Θ̂ = −(4/m) q r Σ a_r h_r / √m = −(4/m) q r f.
    const network = shallow(linear);
    const theta = initialize(network, { rng });
    const { inner } = parts(theta);
    const point = tensor(x.subarray(0, d), { backend, shape: [1, d] });
    const f = toArray(forward(network, theta, point))[0];
    const Y = tensor([[y[0]]], { backend });
    const drift = toArray(ntkDrift(network, theta, { X: point, Y }))[0];
    expectClose(drift, (-4 / m) * inner(0, 0) * (f - y[0]) * f, { relative: 1e-12 });
  });
});
