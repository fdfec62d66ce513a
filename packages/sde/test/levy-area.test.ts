import { ArgumentError } from '@sntk/errors';
import { createRng } from '@sntk/random';
import { describe, expect, test } from 'vitest';
import { brownianIncrements, integrate, type SdeProblem } from '../src/index.ts';
import { areaTerms } from '../src/levy-area.ts';
import { arctangent, levyArea, nonCommutativeLinear, type ReferenceProblem } from '../src/problems.ts';
import { runningMoments } from '../src/statistics.ts';
import { meanAndError } from './support.ts';

const rng = createRng('higher order');

describe('Lévy areas', () => {
  test('of one noise in two coordinates agree with the commutative scheme', () => {
    const problem: SdeProblem = { ...arctangent({ a: 0.5 }), noise: 'commutative' };
    const options = { x0: [0.3], t1: 1, steps: 8, paths: 20, rng };
    expect(integrate(problem, { ...options, method: 'milsteinLevy' }).final).toEqual(
      integrate(problem, { ...options, method: 'milsteinCommutative' }).final,
    );
  });

  const paths = 8000;
  const [h, terms] = [0.25, 6];
  const draw = brownianIncrements({ rng, noiseDimension: 2, paths, step: h, integrals: 'levyArea', terms });
  const dW = new Float64Array(2 * paths);
  const I = new Float64Array(4 * paths);
  draw(3, dW, I);
  const area = Array.from({ length: paths }, (_, p) => 0.5 * (I[paths + p] - I[2 * paths + p]));

  test('keep the algebra of iterated integrals', () => {
    for (let p = 0; p < paths; p += 97) {
      const [u, v] = [dW[p], dW[paths + p]];
      expect(I[p]).toBeCloseTo(0.5 * (u * u - h), 14);
      expect(I[3 * paths + p]).toBeCloseTo(0.5 * (v * v - h), 14);
      expect(I[paths + p] + I[2 * paths + p]).toBeCloseTo(u * v, 14);
    }
  });

  test('have variance h²/4, by themselves, and h²/12 (1 + |dW|²/h) given the increments', () => {
    const squares = meanAndError(area.map((a) => a * a));
    expect(Math.abs(squares.mean - (h * h) / 4)).toBeLessThan(4 * squares.error);
    const residual = meanAndError(
      area.map((a, p) => {
        const radius = dW[p] ** 2 + dW[paths + p] ** 2;
        return (a * a - (h * h * (1 + radius / h)) / 12) * radius;
      }),
    );
    expect(Math.abs(residual.mean)).toBeLessThan(4 * residual.error);
  });

  test('have the characteristic function of the Lévy area, 1/cosh(λh/2), up to the truncation', () => {
    for (const frequency of [2, 8, 16]) {
      const found = meanAndError(area.map((a) => Math.cos(frequency * a)));
      const truth = 1 / Math.cosh((frequency * h) / 2);
      // With a normal of the same variance the whole law would be e^{−λ²h²/8}, many errors away.
      expect(Math.abs(found.mean - truth)).toBeLessThan(4 * found.error);
    }
    const normal = Math.exp(-((16 * h) ** 2) / 8);
    const found = meanAndError(area.map((a) => Math.cos(16 * a)));
    expect(Math.abs(found.mean - normal)).toBeGreaterThan(10 * found.error);
  });

  test('belong to the same increments and the same ∫W as the other integrals', () => {
    const plain = new Float64Array(2 * paths);
    brownianIncrements({ rng, noiseDimension: 2, paths, step: h })(3, plain);
    expect(plain).toEqual(dW);
    const Z = new Float64Array(2 * paths);
    const again = new Float64Array(2 * paths);
    brownianIncrements({ rng, noiseDimension: 2, paths, step: h, integrals: 'spaceTime' })(3, again, Z);
    expect(again).toEqual(dW);
    // E[A | dW, H] = H₁ dW₂ − H₂ dW₁, which has two thirds of the variance; what is left does not know of it.
    const H = Z.map((z, i) => z / h - 0.5 * dW[i]);
    const explained = Array.from({ length: paths }, (_, p) => H[p] * dW[paths + p] - H[paths + p] * dW[p]);
    const left = area.map((a, p) => a - explained[p]);
    const cross = meanAndError(left.map((b, p) => b * explained[p]));
    expect(Math.abs(cross.mean)).toBeLessThan(4 * cross.error);
    const rest = meanAndError(left.map((b) => b * b));
    expect(Math.abs(rest.mean - (h * h) / 12)).toBeLessThan(4 * rest.error);
    const variance = meanAndError(Array.from(H, (v) => v * v));
    expect(Math.abs(variance.mean - h / 12)).toBeLessThan(4 * variance.error);
    const withW = meanAndError(Array.from(H, (v, i) => v * dW[i]));
    expect(Math.abs(withW.mean)).toBeLessThan(4 * withW.error);
  });

  test('make the moments of noise that does not commute exact with milsteinLevy and platenWeak', () => {
    const problem: ReferenceProblem = nonCommutativeLinear({ decay: 1, first: 0.8, second: 0.6 });
    for (const [method, steps] of [
      ['milsteinLevy', 100],
      ['platenWeak', 16],
    ] as const) {
      const count = 1500;
      const { final } = integrate(problem, { method, x0: [1, 0.5], t1: 1, steps, paths: count, rng });
      const moments = runningMoments(2);
      moments.push(
        final.map((x) => x * x),
        count,
      );
      const truth = problem.secondMoment!(1, [1, 0.5]);
      [0, 3].forEach((at, i) => {
        expect(Math.abs(moments.mean()[i] - truth[at])).toBeLessThan(4 * moments.standardError()[i]);
      });
    }
  });

  test('are within √m h/(√12 π terms) of areas with the true law, where leaving the rest out errs by h/(√2 π √terms)', () => {
    // Of two noises, with h = 1. Given the a_r, the rest π Σ_{r > n} r (a_r b'_r − b_r a'_r) is a normal of variance
    // V = Σ π² r² v_r (a_r² + a'_r²), v_r = 1/(2π²r²), whatever the increments and the first terms are; so its root times the
    // number that stands for the rest has the true law, and E(√V − √E V)² is the error.
    const stream = createRng('rest');
    const z = new Float64Array(2);
    const v = (r: number): number => 1 / (2 * (Math.PI * r) ** 2);
    const found = [1, 4, 16].map((terms) => {
      const far = 40 * terms;
      let mean = 0;
      for (let r = terms + 1; r <= 100 * far; r++) mean += 2 * (Math.PI * r * v(r)) ** 2;
      const errors = Array.from({ length: 1000 }, () => {
        let spread = 0;
        for (let r = terms + 1; r <= far; r++) {
          stream.fillNormal(z);
          spread += (Math.PI * r * v(r)) ** 2 * (z[0] ** 2 + z[1] ** 2 - 2);
        }
        return (Math.sqrt(mean + spread) - Math.sqrt(mean)) ** 2;
      });
      const { mean: square, error } = meanAndError(errors);
      expect(Math.sqrt(square + 4 * error)).toBeLessThan(Math.sqrt(2 / 12) / (Math.PI * terms));
      // Leaving it out would err by the deviation of the rest.
      expect(Math.sqrt(mean) * Math.SQRT2 * Math.PI * Math.sqrt(terms)).toBeGreaterThan(0.75);
      expect(Math.sqrt(mean) * Math.SQRT2 * Math.PI * Math.sqrt(terms)).toBeLessThan(1);
      return Math.sqrt(square);
    });
    // It falls with the terms, for many of them by 4 when they are 4 times as many; leaving the rest out would give 2.
    expect(found[0] / found[1]).toBeGreaterThan(2.4);
    expect(found[1] / found[2]).toBeGreaterThan(3.2);
  });

  test('get as many terms as order 1 takes, which is few', () => {
    for (const m of [2, 5, 50]) {
      for (const steps of [1, 100, 10_000]) {
        const terms = areaTerms(m, steps);
        const squares = (n: number): number => (steps * m) / (12 * (Math.PI * n) ** 2);
        expect(squares(terms)).toBeLessThanOrEqual(1);
        if (terms > 1) expect(squares(terms - 1)).toBeGreaterThan(1);
      }
    }
    expect(areaTerms(2, 1000)).toBe(5);
  });

  test('depend neither on the block of paths nor on the order of the steps', () => {
    for (const integrals of ['spaceTime', 'levyArea', 'weakLevyArea'] as const) {
      const common = { rng, noiseDimension: 3, step: 0.1, integrals, terms: 3 };
      const whole = brownianIncrements({ ...common, paths: 7 });
      const part = brownianIncrements({ ...common, paths: 2, firstPath: 4 });
      const rows = integrals === 'spaceTime' ? 3 : 9;
      const [w, v] = [new Float64Array(3 * 7), new Float64Array(3 * 2)];
      const [a, b] = [new Float64Array(rows * 7), new Float64Array(rows * 2)];
      whole(1, w, a);
      whole(20, w, a);
      part(20, v, b);
      for (let r = 0; r < rows; r++) for (const p of [0, 1]) expect(b[r * 2 + p]).toBe(a[r * 7 + 4 + p]);
    }
  });

  test('are asked for when a method takes them', () => {
    const options = { method: 'milsteinLevy', x0: [1, 1], t1: 1, steps: 2 } as const;
    const plain = brownianIncrements({ rng, noiseDimension: 2, paths: 1, step: 0.5 });
    expect(() => integrate(levyArea('ito'), { ...options, increments: plain })).toThrow(ArgumentError);
    expect(() =>
      integrate(levyArea('ito'), { ...options, increments: (_k, out) => void out.fill(0) }),
    ).toThrow('a source that also writes the levyArea integrals, which milsteinLevy takes');
    expect(() =>
      brownianIncrements({ rng, noiseDimension: 2, paths: 1, step: 0.5, integrals: 'area' as 'levyArea' }),
    ).toThrow('options.integrals must be one of spaceTime, levyArea, weakLevyArea');
    expect(() => brownianIncrements({ rng, noiseDimension: 2, paths: 1, step: 0.5, terms: 0 })).toThrow(
      'terms',
    );
  });
});
