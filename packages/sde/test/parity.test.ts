import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type BlockFunction,
  type Calculus,
  diagonalDiffusion,
  integrate,
  type methods,
  type NoiseType,
  type SdeProblem,
} from '../src/index.ts';

interface Fixture {
  readonly steps: number;
  readonly paths: number;
  readonly x0: readonly number[];
  readonly dW: readonly (readonly number[])[];
  readonly dZ: readonly (readonly number[])[];
  readonly rows: readonly {
    readonly method: keyof typeof methods;
    readonly noise: NoiseType;
    readonly calculus: Calculus;
    readonly final: readonly number[];
  }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('./fixtures/paths.json', import.meta.url), 'utf8'),
) as Fixture;

const each =
  (f: (x: number, t: number) => number): BlockFunction =>
  (t, x, out) => {
    for (let i = 0; i < out.length; i++) out[i] = f(x[i], t);
  };

/** The problem of scripts/reference/sde_paths.py. */
function problem(noise: NoiseType, calculus: Calculus): SdeProblem {
  const base = {
    dimension: 2,
    noiseDimension: 2,
    noise,
    calculus,
    drift: each((x, t) => Math.sin(2 * x) - x + Math.cos(3 * t)),
  };
  if (noise === 'none') return { ...base, noiseDimension: 0 };
  if (noise === 'additive') {
    return { ...base, diffusion: { apply: (t, _x, dW, out) => out.set(dW.map((w) => (0.5 + t) * w)) } };
  }
  return {
    ...base,
    diffusion: diagonalDiffusion(
      each((x, t) => 0.4 + 0.3 * Math.cos(x + t)),
      each((x, t) => -0.3 * Math.sin(x + t)),
    ),
  };
}

describe('on the same increments', () => {
  test.each(fixture.rows.map((row) => [row.method, row] as const))(
    '%s ends where the reference implementation ends',
    (method, { noise, calculus, final }) => {
      const { steps, paths, x0, dW, dZ } = fixture;
      const found = integrate(problem(noise, calculus), {
        method,
        x0,
        t1: 1,
        steps,
        paths,
        ...(noise !== 'none' && {
          increments: (k: number, w: Float64Array, z?: Float64Array) => {
            w.set(dW[k]);
            if (z?.length) z.set(dZ[k]);
          },
        }),
      }).final;
      for (let i = 0; i < found.length; i++) expect(Math.abs(found[i] - final[i])).toBeLessThan(1e-13);
    },
  );
});
