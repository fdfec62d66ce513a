import type { Calculus, NoiseType, SdeProblem } from './problem.ts';

/** Exponents of the step size in E‖x_h − x‖ (strong) and in |E φ(x_h) − E φ(x)| for smooth φ (weak). */
export interface Orders {
  readonly strong: number;
  readonly weak: number;
}

/**
 * One step of a fixed size from the block `x` at time `t` to the block `out`, both `[dimension, paths]`; `dW`
 * `[noiseDimension, paths]` holds the step's Brownian increments. `x` and `dW` are left as they are.
 */
export type Step = (t: number, x: Float64Array, dW: Float64Array, out: Float64Array) => void;

/** A numerical method: what it is for, how exact it is, and how to make its step. */
export interface Method {
  readonly name: string;
  /** The calculus it converges in. With additive noise or none the two agree, and either method serves. */
  readonly calculus: Calculus;
  /** Its orders for every kind of noise it can do. */
  readonly orders: Readonly<Partial<Record<NoiseType, Orders>>>;
  /** A part of the problem it cannot do without. */
  readonly needs?: 'linear' | 'diffusion.diagonal';
  /** Allocates the workspace for blocks of `paths` paths and fixes the step size `h`. */
  prepare(problem: SdeProblem, paths: number, h: number): Step;
}
