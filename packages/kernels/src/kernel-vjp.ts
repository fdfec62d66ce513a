import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite } from '@sntk/errors';
import { type FloatArray, type Tensor, tensor } from '@sntk/linalg';
import type { KernelOptions } from './analytic-kernel.ts';
import { diagonalTangent, type Rates, type TapeTangent } from './diagonal-tangent.ts';
import { checkDerivatives, differentiablePlan } from './kernel-gradient.ts';
import { clearTangent, emptyTangent, type PairTangent, tangentRecursion } from './pair-tangent.ts';
import { checkTensors, entriesOf, inputPair, type Points, readPoints } from './points.ts';
import { emptyState } from './state.ts';

export interface KernelVjpOptions extends KernelOptions {
  /** `∂L/∂Σ`, `[N, M]`. */
  readonly nngp?: Tensor;
  /** `∂L/∂Θ`, `[N, M]`. */
  readonly ntk?: Tensor;
}

/** Gradients by points. */
export interface KernelVjp {
  /** `∂L/∂X`, `[N, d]`. Of `X` against itself both arguments move. */
  readonly X: Tensor;
  /** `∂L/∂Z`, `[M, d]`, for `X` against `Z`. */
  readonly Z?: Tensor;
}

/**
 * An entry depends on its points through `|x|²/d`, `|z|²/d` and `x·z/d`, so three directions give all coordinates: x and z
 * that grow towards each other's, `z ∓ x` staying as it is, and `z ∓ x` itself, whose slope is large for close points.
 */
function setDirections([byX, byZ, byBoth]: readonly PairTangent[], sign: number): void {
  for (const own of [byX, byZ]) {
    clearTangent(own);
    own.covariance = sign / 2;
    own.distance = 1 - sign;
  }
  byX.varianceU = 1;
  byZ.varianceV = 1;
  clearTangent(byBoth);
  byBoth.covariance = 1;
  byBoth.distance = -2;
}

const NO_RATES: Rates = new Map();

/**
 * The gradient by the points of any function L of the kernels, from its derivatives by their entries: a vector–Jacobian
 * product of the recursions MATH (3)–(6). It costs 3 to 6 times {@link analyticKernel}, whatever `d` is.
 *
 * A kink makes Θ a cusp where `x = z`, with no derivative by one of them: the mean of the one-sided derivatives is
 * taken, which is what the diagonal moving as a whole has. At an angle θ to such a point a gradient is good to a relative
 * 1e-16/θ, otherwise to 1e-12. An entry of `X` against itself on the diagonal moves with its point.
 *
 * @throws as {@link kernelGradient}, and ArgumentError for weights of another shape than `[N, M]`, not finite, and for none.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { kernelVjp } from '@sntk/kernels';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const backend = ndarrayBackend();
 * const network = fullyConnected({ inputs: 2, hidden: [1], biasVariance: 0 });
 * const X = tensor([[1, 2]], { backend });
 * // Θ(x, x) = 2|x|², so its gradient is 4x.
 * console.log(toArray(kernelVjp(network, { X, ntk: tensor([[1]], { backend }) }).X)); // Float64Array(2) [ 4, 8 ]
 * ```
 */
export function kernelVjp(architecture: Architecture, options: KernelVjpOptions): KernelVjp {
  const where = 'kernelVjp';
  const { X, Z } = options;
  checkTensors(where, X, Z);
  const steps = differentiablePlan(where, architecture);
  const reader = { where, architecture, steps };
  const x = readPoints('options.X', X, reader);
  const z = Z ? readPoints('options.Z', Z, reader) : x;
  const weights = readWeights(where, options, [x.count, z.count]);
  const motion = (points: Points): readonly TapeTangent[] =>
    Array.from(points.moments, (input) => diagonalTangent(steps, { input, seed: 1 }, NO_RATES));
  const dx = motion(x);
  const dz = Z ? motion(z) : dx;

  const d = x.dimension;
  const gradX = new Float64Array(x.count * d);
  const gradZ = Z ? new Float64Array(z.count * d) : gradX;
  const recursion = tangentRecursion(steps, [NO_RATES, NO_RATES, NO_RATES]);
  const state = emptyState();
  const still = new Float64Array(x.tapes[0]?.variances.length ?? 0);
  const du = dx.map(({ variances }) => [variances, still, still]);
  const dv = dz.map(({ variances }) => [still, variances, still]);
  const tangents = [emptyTangent(), emptyTangent(), emptyTangent()];
  for (let i = 0; i < x.count; i++) {
    const u = x.tapes[i].variances;
    for (let j = 0; j < (Z ? z.count : i); j++) {
      inputPair(x, i, z, j, state);
      const sign = state.covariance < 0 ? -1 : 1;
      setDirections(tangents, sign);
      recursion({ state, tangents, u, v: z.tapes[j].variances, du: du[i], dv: dv[j] });
      const at = i * z.count + j;
      const mirrored = Z ? -1 : j * x.count + i;
      const nngp = weights.nngp[at] + (Z ? 0 : weights.nngp[mirrored]);
      const ntk = weights.ntk[at] + (Z ? 0 : weights.ntk[mirrored]);
      const weigh = (tangent: PairTangent): number => nngp * tangent.covariance + ntk * tangent.ntk;
      const [byX, byZ, byBoth] = [weigh(tangents[0]), weigh(tangents[1]), weigh(tangents[2])];
      for (let p = 0; p < d; p++) {
        const xp = x.entries[i * d + p];
        const zp = z.entries[j * d + p];
        gradX[i * d + p] += (2 * byX * xp + byBoth * (zp - sign * xp)) / d;
        gradZ[j * d + p] += (2 * byZ * zp + byBoth * (xp - sign * zp)) / d;
      }
    }
    if (Z) continue;
    const at = i * x.count + i;
    const own = weights.nngp[at] * dx[i].nngp + weights.ntk[at] * dx[i].ntk;
    for (let p = 0; p < d; p++) gradX[i * d + p] += (2 * own * x.entries[i * d + p]) / d;
  }
  checkDerivatives(where, gradX, { columns: d, what: 'the gradient by X at' });
  if (Z) checkDerivatives(where, gradZ, { columns: d, what: 'the gradient by Z at' });
  return {
    X: tensor(gradX, { backend: X.backend, shape: [x.count, d] }),
    ...(Z ? { Z: tensor(gradZ, { backend: X.backend, shape: [z.count, d] }) } : {}),
  };
}

function readWeights(
  where: string,
  options: KernelVjpOptions,
  shape: readonly [number, number],
): Record<'nngp' | 'ntk', FloatArray> {
  if (!options.nngp && !options.ntk) {
    throw new ArgumentError({ where, argument: 'options', wanted: 'nngp, ntk or both', got: 'neither' });
  }
  const read = (name: 'nngp' | 'ntk'): FloatArray => {
    const given = options[name];
    if (!given) return new Float64Array(shape[0] * shape[1]);
    if (given.shape.length !== 2 || given.shape[0] !== shape[0] || given.shape[1] !== shape[1]) {
      const wanted = `of shape [${shape.join(', ')}]`;
      throw new ArgumentError({ where, argument: `options.${name}`, wanted, got: [...given.shape] });
    }
    const entries = entriesOf(where, `options.${name}`, given);
    checkFinite(where, `options.${name}`, entries);
    return entries;
  };
  return { nngp: read('nngp'), ntk: read('ntk') };
}
