import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONSTANT, POLES, tridiagonalFlow } from '../src/rational-exponential.ts';

interface Fixture {
  readonly constant: number;
  readonly poles: readonly { readonly pole: readonly number[]; readonly weight: readonly number[] }[];
  readonly flows: readonly {
    readonly K: readonly (readonly number[])[];
    readonly r0: readonly number[];
    readonly states: readonly {
      readonly time: number;
      readonly residual: number[];
      readonly alpha: number[];
    }[];
  }[];
  readonly values: readonly { readonly z: number; readonly exp: number; readonly phi1: number }[];
}

const fixture = JSON.parse(
  readFileSync(new URL('./fixtures/rational-exponential.json', import.meta.url), 'utf8'),
) as Fixture;

/** A matrix of one entry: `e^z` and `φ₁(z)` themselves. */
const scalar = (z: number): { kept: number; averaged: number } => {
  const T = { diagonal: new Float64Array([-z]), offDiagonal: new Float64Array(0) };
  const { kept, averaged } = tridiagonalFlow(T, new Float64Array([1]), 1);
  return { kept: kept[0], averaged: averaged[0] };
};

describe('the rational exponential', () => {
  it('has the poles and weights of the best approximation', () => {
    expect(CONSTANT).toBe(fixture.constant);
    expect(POLES).toEqual(fixture.poles.map(({ pole, weight }) => [...pole, ...weight]));
  });

  it('is e^z to 4e-14 and φ₁ to a relative 6e-14 on [−1e12, 0]', () => {
    expect(Math.min(...fixture.values.map(({ z }) => z))).toBe(-1e12);
    for (const { z, exp, phi1 } of fixture.values) {
      const { kept, averaged } = scalar(z);
      expect(Math.abs(kept - exp), `e^${z}`).toBeLessThan(4e-14);
      expect(Math.abs(averaged / phi1 - 1), `φ₁(${z})`).toBeLessThan(6e-14);
    }
  });

  it('keeps the digits of a graded matrix, whose rows are 1e12 times apart, at all times', () => {
    const { K, r0, states } = fixture.flows[3];
    const n = r0.length;
    const T = {
      diagonal: Float64Array.from(K, (row, i) => row[i]),
      offDiagonal: Float64Array.from({ length: n - 1 }, (_, i) => K[i][i + 1]),
    };
    for (const { time, residual, alpha } of states) {
      const { kept, averaged } = tridiagonalFlow(T, Float64Array.from(r0), time / n);
      const size = Math.hypot(...r0);
      const longest = Math.hypot(...alpha);
      for (let i = 0; i < n; i++) {
        expect(Math.abs(kept[i] - residual[i]), `residual at ${time}`).toBeLessThan(1e-13 * size);
        expect(Math.abs((time / n) * averaged[i] + alpha[i]), `α at ${time}`).toBeLessThan(1e-13 * longest);
      }
    }
  });

  it('is the flow of the second difference, whose modes are sines, from short times to long', () => {
    const n = 60;
    const T = {
      diagonal: new Float64Array(n).fill(2),
      offDiagonal: new Float64Array(n - 1).fill(-1),
    };
    const sine = (i: number, j: number): number =>
      Math.sqrt(2 / (n + 1)) * Math.sin((Math.PI * (i + 1) * (j + 1)) / (n + 1));
    const values = Float64Array.from({ length: n }, (_, j) => 4 * sine2(j, n));
    const c = Float64Array.from({ length: n }, (_, i) => Math.cos(i * i));
    const modes = values.map((_, j) => c.reduce((sum, x, i) => sum + sine(i, j) * x, 0));
    for (const time of [1e-6, 1e-2, 1, 30, 1e3, 1e6, 1e11]) {
      const { kept, averaged } = tridiagonalFlow(T, c, time);
      const weights = values.map((value) => -Math.expm1(-value * time) / (value * time));
      const longest = Math.hypot(...weights.map((weight, j) => weight * modes[j]));
      for (let i = 0; i < n; i++) {
        const truth = (weight: (j: number) => number): number =>
          modes.reduce((sum, mode, j) => sum + sine(i, j) * weight(j) * mode, 0);
        const stays = truth((j) => Math.exp(-values[j] * time));
        // The modes' own rounding: n terms.
        expect(Math.abs(kept[i] - stays)).toBeLessThan(2e-13 * Math.hypot(...c));
        expect(Math.abs(averaged[i] - truth((j) => weights[j]))).toBeLessThan(2e-12 * longest);
      }
    }
  });
});

/** `sin²(π(j + 1)/2(n + 1))` */
function sine2(j: number, n: number): number {
  return Math.sin((Math.PI * (j + 1)) / (2 * (n + 1))) ** 2;
}
