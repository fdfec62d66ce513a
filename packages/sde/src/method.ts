import type { Calculus, NoiseType, SdeProblem } from './problem.ts';

/** Exponents of the step size in E‖x_h − x‖ (strong) and in |E φ(x_h) − E φ(x)| for smooth φ (weak). */
export interface Orders {
  readonly strong: number;
  readonly weak: number;
}

/**
 * What a method asks of the noise beyond the increments, as one further block:
 *
 * - `spaceTime`: ∫(W_s − W_t) ds over the step, `[noiseDimension, paths]`, of variance h³/3;
 * - `levyArea`: the Itô integrals I_jk = ∫∫ dW_j dW_k, entry (j, k) of `[noiseDimension, noiseDimension, paths]`;
 * - `weakLevyArea`: the same block with two-point numbers in place of the Lévy areas, which serves expectations only.
 */
export type NoiseIntegrals = 'spaceTime' | 'levyArea' | 'weakLevyArea';

/**
 * One step of a fixed size from the block `x` at time `t` to the block `out`, both `[dimension, paths]`; `dW`
 * `[noiseDimension, paths]` holds the step's Brownian increments and `integrals` what the method's `integrals` names
 * (nothing unless it names some). `x`, `dW` and `integrals` are left as they are.
 */
export type Step = (
  t: number,
  x: Float64Array,
  dW: Float64Array,
  out: Float64Array,
  integrals: Float64Array,
) => void;

/** A step of any size `h`; writes an estimate of its error, `[dimension, paths]`, into `error` when that is given. */
export type VariableStep = (
  t: number,
  h: number,
  x: Float64Array,
  dW: Float64Array,
  out: Float64Array,
  integrals: Float64Array,
  error?: Float64Array,
) => void;

/**
 * Makes the function that writes q, `[dimension, paths]`, for the step of size `h` from `x`: the values between the ends
 * of a step are Hermite's cubic + θ²(1 − θ)² q.
 */
export type QuarticTerm = (
  problem: SdeProblem,
  paths: number,
) => (t: number, h: number, x: Float64Array, out: Float64Array) => void;

/** A numerical method: what it is for, how exact it is, and how to make its step. */
export interface Method {
  readonly name: string;
  /** The calculus it converges in. With additive noise or none the two agree, and either method serves. */
  readonly calculus: Calculus;
  /** Its orders for every kind of noise it can do. */
  readonly orders: Readonly<Partial<Record<NoiseType, Orders>>>;
  /** A part of the problem it cannot do without. */
  readonly needs?: 'linear' | 'diffusion.diagonal';
  /** Integrals of the noise it takes beside the increments; none unless told. */
  readonly integrals?: NoiseIntegrals;
  /** Whether a step depends on the ones before it and not on the state alone. */
  readonly remembers?: true;
  /** Allocates the workspace for blocks of `paths` paths and fixes the step size `h`. */
  prepare(problem: SdeProblem, paths: number, h: number): Step;
  /** For ordinary equations at an order above 4, what values between steps need beyond the drifts at the ends. */
  readonly quartic?: QuarticTerm;
  /** For methods that estimate their error: the same step with its size chosen at every call. */
  readonly embedded?: {
    /** Exponent of h in the estimate under noise and without, by which step sizes are chosen. */
    readonly order: { readonly noise: number; readonly none: number };
    prepare(problem: SdeProblem, paths: number): VariableStep;
  };
}

/**
 * A table of orders, `[strong, weak]` each, for methods to which scalar, diagonal and commutative noise are alike.
 *
 * @example
 * ```ts
 * import { ordersByNoise } from '@sntk/sde/extending';
 *
 * console.log(ordersByNoise({ additive: [1, 2], commuting: [1, 1] }).scalar); // { strong: 1, weak: 1 }
 * ```
 */
export function ordersByNoise(
  of: Readonly<Partial<Record<'none' | 'additive' | 'commuting' | 'general', readonly [number, number]>>>,
): Method['orders'] {
  const kinds = { ...of, scalar: of.commuting, diagonal: of.commuting, commutative: of.commuting };
  const entries = Object.entries(kinds).flatMap(([noise, orders]) =>
    orders && noise !== 'commuting' ? [[noise, { strong: orders[0], weak: orders[1] }]] : [],
  );
  return Object.fromEntries(entries);
}

/**
 * The two ways in which a method with an embedded error makes its step, of a fixed size and of one chosen at every call.
 *
 * @param order exponents of h in the error estimate, under noise and without
 *
 * @example
 * ```ts
 * import { additiveRungeKutta, chosenSteps, ordersByNoise } from '@sntk/sde/extending';
 *
 * // Euler's drift and the noise of the step: a tableau of one stage.
 * const tableau = { c0: [0], c1: [1], A0: [[]], B0: [[]], alpha: [1], beta1: [1], beta2: [0], error: [0] };
 * const method = {
 *   name: 'euler', calculus: 'ito', integrals: 'spaceTime', orders: ordersByNoise({ additive: [1, 1] }),
 *   ...chosenSteps({ noise: 1, none: 1 }, (problem, paths) => additiveRungeKutta(tableau, problem, paths)),
 * };
 * console.log(Object.keys(method).join(' ')); // name calculus integrals orders prepare embedded
 * ```
 */
export function chosenSteps(
  order: { readonly noise: number; readonly none: number },
  prepare: (problem: SdeProblem, paths: number) => VariableStep,
): Required<Pick<Method, 'prepare' | 'embedded'>> {
  return {
    prepare(problem, paths, h) {
      const step = prepare(problem, paths);
      return (t, x, dW, out, integrals) => step(t, h, x, dW, out, integrals);
    },
    embedded: { order, prepare },
  };
}

/** Length of the block of `integrals` for `noiseDimension` m. */
export function integralsLength(kind: NoiseIntegrals | undefined, m: number, paths: number): number {
  if (kind === undefined) return 0;
  return kind === 'spaceTime' ? m * paths : m * m * paths;
}
