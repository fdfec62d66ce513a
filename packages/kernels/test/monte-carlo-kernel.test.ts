import { erfActivation, fullyConnected, type PairMoments } from '@sntk/architecture';
import { ndarrayBackend, type Tensor, tensor, toArray } from '@sntk/linalg';
import { createRng, type Rng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import { analyticKernel, monteCarloKernel } from '../src/index.ts';

const backend = ndarrayBackend();
const [x, z] = [
  [1, 0.5],
  [-0.3, 1.2],
];
const X = tensor([x, z], { backend });

/** Second moments `[qq, qp, pp]` of `n` erf units of a layer with σ_w² = 2, σ_b² = 1. */
function hiddenMoments(rng: Rng, n: number): [number, number, number] {
  const moments: [number, number, number] = [0, 0, 0];
  for (let unit = 0; unit < n; unit++) {
    const [a, b, bias] = [rng.normal(), rng.normal(), rng.normal()];
    const [u, v] = [x, z].map((point) => erfActivation.value(a * point[0] + b * point[1] + bias));
    moments[0] += (u * u) / n;
    moments[1] += (u * v) / n;
    moments[2] += (v * v) / n;
  }
  return moments;
}

describe('monteCarloKernel', () => {
  it('has a mean within standard errors of the NNGP of random features', () => {
    const { mean, standardError } = monteCarloKernel(
      (rng: Rng) => {
        const [q, c, p] = hiddenMoments(rng, 16).map((m) => 2 * m + 1);
        return tensor([q, c, c, p], { backend, shape: [2, 2] });
      },
      { rng: createRng('features'), samples: 500 },
    );
    const { nngp } = analyticKernel(fullyConnected({ inputs: 2, hidden: [16], activation: erfActivation }), {
      X,
    });
    const errors = toArray(standardError);
    toArray(mean).forEach((value, i) => {
      // A mean of bounded features has no correction; four standard errors for three entries.
      expect(Math.abs(value - toArray(nngp)[i])).toBeLessThan(4 * errors[i]);
    });
  });

  it('shows a second hidden layer its correction of order 1/n', () => {
    // Given the first layer, the second is Gaussian, and its moments are T of a random covariance.
    const network = fullyConnected({ inputs: 2, hidden: [1, 1], activation: erfActivation });
    const exact = toArray(analyticKernel(network, { X }).nngp)[0];
    const out: PairMoments = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
    const correction = (n: number): [value: number, error: number] => {
      const { mean, standardError } = monteCarloKernel(
        (rng: Rng): Tensor => {
          const [q] = hiddenMoments(rng, n).map((m) => 2 * m + 1);
          erfActivation.dual!.pair(
            { varianceU: q, varianceV: q, covariance: q, distance: 0, determinant: 0 },
            out,
          );
          return tensor([2 * out.covariance + 1], { backend });
        },
        { rng: createRng(`width ${n}`), samples: 8000 },
      );
      return [n * (toArray(mean)[0] - exact), n * toArray(standardError)[0]];
    };
    const [[narrow, a], [wide, b]] = [correction(8), correction(16)];
    // T is concave in q, so the correction is below 0, far beyond chance; times n it is one number, but for the next order,
    // which is about as large again over n.
    expect(narrow).toBeLessThan(-5 * a);
    expect(Math.abs(narrow - wide)).toBeLessThan(4 * Math.hypot(a, b) + Math.abs(wide) / 4);
  });

  it('gives sample i the stream i, tells progress and stops when told', () => {
    const seen: number[] = [];
    const progress: unknown[] = [];
    const rng = createRng('order');
    const { mean, standardError } = monteCarloKernel(
      (each: Rng) => {
        seen.push(each.normal());
        return tensor([seen.at(-1)!], { backend });
      },
      { rng, samples: 3, onProgress: (each) => progress.push(each) },
    );
    expect(seen).toEqual([0, 1, 2].map((i) => rng.split(i).normal()));
    expect(progress.at(-1)).toEqual({ done: 3, total: 3 });
    const average = (seen[0] + seen[1] + seen[2]) / 3;
    expect(toArray(mean)[0]).toBeCloseTo(average, 15);
    const variance = seen.reduce((sum, value) => sum + (value - average) ** 2, 0) / 2;
    expect(toArray(standardError)[0]).toBeCloseTo(Math.sqrt(variance / 3), 15);
    const signal = AbortSignal.abort(new Error('enough'));
    expect(() => monteCarloKernel(() => X, { rng, samples: 3, signal })).toThrow('enough');
  });

  it('refuses one sample, shapes that change and what is not finite', () => {
    const rng = createRng(1);
    expect(() => monteCarloKernel(() => X, { rng, samples: 1 })).toThrow('options.samples');
    let count = 0;
    const changing = () => tensor(new Float64Array(++count), { backend });
    expect(() => monteCarloKernel(changing, { rng, samples: 2 })).toThrow(
      'monteCarloKernel: sample(rng.split(1)) must be of shape [1] as the first sample, got [2]',
    );
    const broken = () => tensor([Number.NaN], { backend });
    expect(() => monteCarloKernel(broken, { rng, samples: 2 })).toThrow('entry 0 of sample 0 is NaN');
  });
});
