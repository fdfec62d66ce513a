import { fullyConnected } from '@sntk/architecture';
import { twoMoons } from '@sntk/datasets';
import { analyticKernel } from '@sntk/kernels';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';

const N = 256;
const rng = createRng('errata');
const { X } = twoMoons({ samples: N, noise: 0.1, rng: rng.split('moons') });
const K = toArray(
  analyticKernel(fullyConnected({ inputs: 2, hidden: [1, 1, 1] }), {
    X: tensor(X, { backend: ndarrayBackend() }),
  }).ntk,
);
const largest = Math.max(...Array.from({ length: N }, (_, i) => K[i * N + i]));

/** Assumption 2's δ: the largest squared cosine of two examples in the kernel's feature space. */
function separation(): number {
  let delta = 0;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < i; j++) delta = Math.max(delta, K[i * N + j] ** 2 / (K[i * N + i] * K[j * N + j]));
  }
  return delta;
}

/** `(1/b) Σ_{i∈B} K(x_m, x_i)`, the response to the minibatch gradient where all residuals are one. */
function responses(members: Int32Array): Float64Array {
  return Float64Array.from({ length: N }, (_, m) =>
    members.reduce((sum, i) => sum + K[m * N + i] / members.length, 0),
  );
}

describe('the bounds of the SNTK paper on two moons, with equal residuals (erratum 2)', () => {
  const delta = separation();
  const c = (1 + Math.sqrt(delta)) ** 2;

  it('are built on a separation above 0.99 (erratum 3)', () => {
    expect(delta).toBeGreaterThan(0.99);
    expect(delta).toBeLessThan(1);
  });

  it.each([64, 128, 256])(
    'Theorem 1 and Lemma 3 fail at b = %i; what their proof gives instead holds',
    (b) => {
      const members = rng.split('batch').choice(N, b);
      const response = responses(members);
      // Σ less its leading term is −ĝ ĝᵀ: the leading term is (1/b) Σ g_i g_iᵀ, and Σ is centred at ĝ.
      const error = Math.max(...response) ** 2;
      expect(error).toBeGreaterThan((largest ** 2 * (1 + 2 * c)) / b);
      expect(error).toBeLessThanOrEqual(largest ** 2 * (1 / Math.sqrt(b) + Math.sqrt(delta)) ** 2);

      const m = response.indexOf(Math.max(...response));
      const within = members.reduce((sum, i) => sum + K[m * N + i] ** 2 / b, 0);
      const cross = response[m] ** 2 - within / b;
      expect(cross).toBeGreaterThan((2 * c * within) / b);
    },
  );
});

describe('exercise 3 of the Stat 946 lecture (erratum 8)', () => {
  // f(x) = n^{-1/2} Σ_i v_i ψ(w_i·x) with ψ = tanh, at three inputs of the plane.
  const n = 4;
  const theta = new Float64Array(3 * n);
  rng.split('lecture').fillNormal(theta);
  const [alpha, beta, gamma] = [
    [1, 0.3],
    [-0.4, 0.8],
    [0.5, 1.2],
  ];
  const dot = (a: number[], b: number[]): number => a[0] * b[0] + a[1] * b[1];
  const slope = (h: number): number => 1 - Math.tanh(h) ** 2;
  const bend = (h: number): number => -2 * Math.tanh(h) * slope(h);
  const hidden = (at: Float64Array, x: number[], i: number): number =>
    at[n + 2 * i] * x[0] + at[n + 2 * i + 1] * x[1];

  function gradient(at: Float64Array, x: number[]): Float64Array {
    const out = new Float64Array(3 * n);
    for (let i = 0; i < n; i++) {
      const h = hidden(at, x, i);
      out[i] = Math.tanh(h) / Math.sqrt(n);
      out[n + 2 * i] = (at[i] * slope(h) * x[0]) / Math.sqrt(n);
      out[n + 2 * i + 1] = (at[i] * slope(h) * x[1]) / Math.sqrt(n);
    }
    return out;
  }

  /** `g_βᵀ H_α g_γ` by central differences of the gradient at α along `g_γ`. */
  function contraction(): number {
    const h = 1e-5;
    const along = gradient(theta, gamma);
    const ahead = gradient(
      theta.map((value, p) => value + h * along[p]),
      alpha,
    );
    const behind = gradient(
      theta.map((value, p) => value - h * along[p]),
      alpha,
    );
    return gradient(theta, beta).reduce((sum, g, p) => sum + (g * (ahead[p] - behind[p])) / (2 * h), 0);
  }

  /** The three terms with the inner products given; they are all that is wrong in print. */
  function terms(products: { first: number; second: number; third: number }): number {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const [a, b, c] = [alpha, beta, gamma].map((x) => hidden(theta, x, i));
      sum += products.first * theta[i] * Math.tanh(b) * slope(a) * slope(c);
      sum += products.second * theta[i] * Math.tanh(c) * slope(a) * slope(b);
      sum += products.third * theta[i] ** 3 * slope(b) * bend(a) * slope(c);
    }
    return sum / n ** 1.5;
  }

  it('holds with ⟨α, γ⟩ in the first and the last term, not with ⟨α, β⟩', () => {
    const [ab, ac] = [dot(alpha, beta), dot(alpha, gamma)];
    const exact = contraction();
    // Second-order differences: h² of truncation and eps/h of rounding.
    expect(Math.abs(terms({ first: ac, second: ab, third: ab * ac }) - exact)).toBeLessThan(1e-9);
    expect(Math.abs(terms({ first: ab, second: ab, third: ab * ab }) - exact)).toBeGreaterThan(1e-2);
  });
});
