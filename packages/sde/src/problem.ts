import { ArgumentError, checkChoice, checkInteger } from '@sntk/errors';

/**
 * How the noise enters dx = a(t, x) dt + g(t, x) dW; it decides which methods fit and with which order.
 *
 * - `none`: an ordinary differential equation, m = 0.
 * - `additive`: g does not depend on x.
 * - `scalar`: one Brownian motion drives all coordinates, m = 1.
 * - `diagonal`: coordinate i has a Brownian motion of its own and g_ii depends on x_i alone, m = d.
 * - `commutative`: the columns of g commute as vector fields: Σ_i g_ij ∂_i g_k = Σ_i g_ik ∂_i g_j.
 * - `general`: anything else.
 */
export type NoiseType = 'none' | 'additive' | 'scalar' | 'diagonal' | 'commutative' | 'general';

/** How the stochastic integral is meant. */
export type Calculus = 'ito' | 'stratonovich';

/** Writes a function of time and state, `[dimension, paths]`, into `out` of the same shape. */
export type BlockFunction = (t: number, x: Float64Array, out: Float64Array, paths: number) => void;

/** The noise term, as the action of g. */
export interface Diffusion {
  /** Overwrites `out` `[dimension, paths]` with g(t, x)·dW, where `dW` is `[noiseDimension, paths]`. */
  apply(t: number, x: Float64Array, dW: Float64Array, out: Float64Array, paths: number): void;
  /** For diagonal noise: g_ii(t, x) and ∂g_ii/∂x_i, which Milstein's method and a change of calculus need. */
  readonly diagonal?: { readonly value: BlockFunction; readonly derivative: BlockFunction };
}

/**
 * A stochastic differential equation dx = a(t, x) dt + g(t, x) dW for a block of independent paths.
 *
 * Blocks are row-major `[dimension, paths]`: entry i·paths + p is coordinate i of path p. The functions overwrite
 * `out`, keep nothing, and must treat every path by itself.
 */
export interface SdeProblem {
  readonly dimension: number;
  /** Number of Brownian motions a path has. */
  readonly noiseDimension: number;
  readonly noise: NoiseType;
  readonly calculus: Calculus;
  /** The whole drift a(t, x), with the linear part if there is one. */
  readonly drift: BlockFunction;
  /** Absent exactly when `noise` is `none`. */
  readonly diffusion?: Diffusion;
  /** For semilinear problems, a(t, x) = A x + f(t, x). */
  readonly linear?: {
    /** Makes the in-place action x ← e^{A h} x. */
    exponential(h: number): (x: Float64Array, paths: number) => void;
    /** f(t, x); absent when the drift is A x alone. */
    readonly remainder?: BlockFunction;
  };
  /**
   * For implicit methods: makes the in-place action r ← (I − h ∂a/∂x(t, x))⁻¹ r, by which Newton's method solves for a
   * step. A Jacobian that is nearly right costs iterations, not accuracy.
   */
  readonly driftSolve?: (h: number) => BlockFunction;
}

const NOISES: readonly NoiseType[] = ['none', 'additive', 'scalar', 'diagonal', 'commutative', 'general'];

/** Throws unless the declared noise fits the dimensions and the functions that are there. */
export function checkProblem(where: string, problem: SdeProblem): void {
  const { dimension, noiseDimension, noise } = problem;
  checkInteger(where, 'problem.dimension', dimension, 1);
  checkInteger(where, 'problem.noiseDimension', noiseDimension);
  checkChoice(where, 'problem.noise', noise, NOISES);
  checkChoice(where, 'problem.calculus', problem.calculus, ['ito', 'stratonovich']);
  const exact = { none: 0, scalar: 1, diagonal: dimension }[noise as string];
  const fits = exact === undefined ? noiseDimension > 0 : noiseDimension === exact;
  if (!fits) {
    throw new ArgumentError({
      where,
      argument: 'problem.noiseDimension',
      wanted: `${exact ?? 'at least 1'} for ${noise} noise in dimension ${dimension}`,
      got: noiseDimension,
    });
  }
  if (typeof problem.drift !== 'function') {
    throw new ArgumentError({
      where,
      argument: 'problem.drift',
      wanted: 'a function (t, x, out, paths)',
      got: problem.drift,
      fix: 'write zeros for a problem without a drift',
    });
  }
  if ((noise === 'none') !== (problem.diffusion === undefined)) {
    throw new ArgumentError({
      where,
      argument: 'problem.diffusion',
      wanted: noise === 'none' ? 'absent without noise' : `given for ${noise} noise`,
      got: problem.diffusion,
    });
  }
}

/**
 * The diffusion of diagonal noise from its entries: coordinate i gets g_i(t, x)·dW_i.
 *
 * @param value writes g_i(t, x_i), `[dimension, paths]`
 * @param derivative writes ∂g_i/∂x_i, `[dimension, paths]`
 *
 * @example
 * ```ts
 * import { diagonalDiffusion } from '@sntk/sde';
 *
 * const half = diagonalDiffusion(
 *   (_t, x, out) => out.forEach((_, i) => { out[i] = 0.5 * x[i]; }),
 *   (_t, _x, out) => { out.fill(0.5); },
 * );
 * const out = new Float64Array(2);
 * half.apply(0, Float64Array.of(2, 4), Float64Array.of(1, -1), out, 1);
 * console.log(out); // Float64Array(2) [ 1, -2 ]
 * ```
 */
export function diagonalDiffusion(value: BlockFunction, derivative: BlockFunction): Diffusion {
  return {
    apply(t, x, dW, out, paths) {
      value(t, x, out, paths);
      for (let i = 0; i < out.length; i++) out[i] *= dW[i];
    },
    diagonal: { value, derivative },
  };
}
