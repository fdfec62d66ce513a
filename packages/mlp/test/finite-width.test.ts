import { fullyConnected } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { empiricalNtk, forward, initialize } from '../src/index.ts';

// What is exact at finite width for ReLU networks without biases, σ_w² = 2 (MATH section 9).
const backend = ndarrayBackend();
const X = tensor([[0.6, 0.8]], { backend });
const rng = createRng('finite width');

describe('a narrow ReLU network without biases', () => {
  it('has E Θ̂(x, x) = L + 1 at any width, no matter how small', () => {
    const network = fullyConnected({ inputs: 2, hidden: [3, 5], biasVariance: 0 });
    const draws = Float64Array.from(
      { length: 8_000 },
      (_, i) => toArray(empiricalNtk(network, initialize(network, { rng: rng.split(i) }), { X }))[0],
    );
    const { mean, standardError } = meanAndStandardError(draws);
    expect(standardError).toBeLessThan(0.1);
    expect(Math.abs(mean - 3)).toBeLessThan(4 * standardError);
  });

  it('has the fourth moment of its forward norm, Π(1 + 5/n_l) over hidden layers', () => {
    // Outputs are independent given the last activations a, so E f₁²f₂² / (E f²)² = E|a|⁴ / (E|a|²)², here averaged
    // over all pairs of outputs.
    const widths = [6, 9, 12];
    const outputs = 40;
    const network = fullyConnected({ inputs: 2, hidden: widths, outputs, biasVariance: 0 });
    // E f² = σ_w² |x|²/2 · 1 for unit x in two dimensions: 1.
    const draws = Float64Array.from({ length: 20_000 }, (_, i) => {
      const f = toArray(forward(network, initialize(network, { rng: rng.split('norm').split(i) }), X));
      let squares = 0;
      let fourths = 0;
      for (const value of f) {
        squares += value ** 2;
        fourths += value ** 4;
      }
      return (squares * squares - fourths) / (outputs * (outputs - 1));
    });
    const { mean, standardError } = meanAndStandardError(draws);
    const exact = widths.reduce((product, n) => product * (1 + 5 / n), 1);
    expect(standardError / exact).toBeLessThan(0.04);
    expect(Math.abs(mean - exact)).toBeLessThan(4 * standardError);
  });
});
