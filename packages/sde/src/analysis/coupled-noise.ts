import type { Rng } from '@sntk/random';
import { brownianIncrements, type IncrementSource } from '../brownian-increments.ts';
import type { NoiseIntegrals } from '../method.ts';

/** Brownian paths on a fine grid, from which every coarser grid takes its increments and integrals. */
export interface CoupledNoise {
  /** W at the end, `[noiseDimension, paths]`. */
  readonly W: Float64Array;
  /** What a method that takes `kind` needs on the grid of 2^level steps. */
  at(level: number, kind: NoiseIntegrals | undefined): IncrementSource;
}

/** How many paths, and how fine a grid. */
export interface CoupledNoiseOptions {
  readonly rng: Rng;
  readonly noiseDimension: number;
  readonly paths: number;
  readonly duration: number;
  /** The finest grid has 2^depth steps. */
  readonly depth: number;
  /** Which integrals will be asked for. */
  readonly kinds: readonly (NoiseIntegrals | undefined)[];
}

/** Draws the paths; integrals of coarse steps are put together from those of fine ones, exactly. */
export function coupledNoise(options: CoupledNoiseOptions): CoupledNoise {
  const { rng, noiseDimension: m, paths, duration, depth, kinds } = options;
  const steps = 2 ** depth;
  const h = duration / steps;
  const size = m * paths;
  const common = { rng, noiseDimension: m, paths, step: h };
  const W = new Float64Array((steps + 1) * size);
  // ∫(W_s − W_t) ds [steps, m, paths] and I_jk [steps, m, m, paths] of the fine steps.
  const Z = new Float64Array(kinds.includes('spaceTime') ? steps * size : 0);
  const areas = new Float64Array(kinds.includes('levyArea') ? steps * m * size : 0);
  const fill = (integrals: 'spaceTime' | 'levyArea' | undefined, into: Float64Array): void => {
    const source = brownianIncrements({ ...common, ...(integrals && { integrals, terms: 5 }) });
    const width = into.length / steps;
    for (let k = 0; k < steps; k++) {
      const next = W.subarray((k + 1) * size, (k + 2) * size);
      source(k, next, into.subarray(k * width, (k + 1) * width));
      for (let i = 0; i < size; i++) next[i] += W[k * size + i];
    }
  };
  // Every source has the same increments; W is written by whichever is drawn.
  if (Z.length > 0) fill('spaceTime', Z);
  if (areas.length > 0) fill('levyArea', areas);
  if (m > 0 && Z.length + areas.length === 0) fill(undefined, Z);

  const spaceTime = (step: number, stride: number, out: Float64Array): void => {
    const start = step * stride * size;
    for (let k = 0; k < stride; k++) {
      const at = start + k * size;
      for (let i = 0; i < size; i++) out[i] += Z[at + i] + h * (W[at + i] - W[start + i]);
    }
  };
  // Chen's relation: I_jk of a whole is the sum of those of its parts and of ΔW_j before each times its dW_k.
  const iterated = (step: number, stride: number, out: Float64Array): void => {
    const start = step * stride * size;
    for (let f = 0; f < stride; f++) {
      const at = start + f * size;
      const part = (step * stride + f) * m * size;
      for (let j = 0; j < m; j++) {
        for (let k = 0; k < m; k++) {
          for (let p = 0; p < paths; p++) {
            const [J, K] = [j * paths + p, k * paths + p];
            const before = W[at + J] - W[start + J];
            const entry = (j * m + k) * paths + p;
            out[entry] += areas[part + entry] + before * (W[at + size + K] - W[at + K]);
          }
        }
      }
    }
  };

  return {
    W: W.subarray(steps * size),
    at(level, kind) {
      const stride = 2 ** (depth - level);
      const signs =
        kind === 'weakLevyArea'
          ? brownianIncrements({ ...common, step: h * stride, rng: rng.split(level), integrals: kind })
          : undefined;
      const other = new Float64Array(signs ? size : 0);
      return (step, dW, integrals) => {
        const from = step * stride * size;
        for (let i = 0; i < size; i++) dW[i] = W[from + stride * size + i] - W[from + i];
        if (!integrals?.length) return;
        if (signs) {
          // The symmetric part belongs to the increments that came with the signs; put in those of the path.
          signs(step, other, integrals);
          for (let j = 0; j < m; j++) {
            for (let k = 0; k < m; k++) {
              for (let p = 0; p < paths; p++) {
                const [J, K] = [j * paths + p, k * paths + p];
                integrals[(j * m + k) * paths + p] += 0.5 * (dW[J] * dW[K] - other[J] * other[K]);
              }
            }
          }
          return;
        }
        integrals.fill(0);
        if (kind === 'spaceTime') spaceTime(step, stride, integrals);
        else iterated(step, stride, integrals);
      };
    },
  };
}
