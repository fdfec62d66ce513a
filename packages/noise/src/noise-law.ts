import { ArgumentError, checkChoice } from '@sntk/errors';
import { type Tensor, tensor } from '@sntk/linalg';
import { type BatchOptions, batchFactor } from './batch-factor.ts';
import { allocate, type FactoredNoise, fromFactor } from './covariance.ts';

/**
 * Which covariance of the minibatch gradient, `g_i` being the gradient of example `i`.
 *
 * - `exact`, MATH (22): `c_b [(1/N) Σ g_i g_iᵀ − ḡ ḡᵀ]`, the covariance of the minibatch mean.
 * - `leading`, MATH (23): the same without `ḡ ḡᵀ`. Calibrated SNTK.
 * - `within`, MATH (24): `(1/b) Σ_{i∈B} (g_i − ĝ)(g_i − ĝ)ᵀ`, the spread of the examples of one minibatch, as the paper prints Σ.
 * - `printed`, MATH (25): `(1/b) Σ_{i∈B} g_i g_iᵀ`, the SNTK as the paper prints it. It lacks the `1/b` that SGD's noise has.
 */
export type NoiseLaw = MeanLaw | BatchLaw;

/** Of the mean of a minibatch that is to be drawn. */
type MeanLaw = { readonly kind: NoiseKind } & Omit<BatchOptions, 'samples'>;

/** Of the examples of a minibatch that has been drawn. */
interface BatchLaw {
  readonly kind: 'within' | 'printed';
  /** The examples `B` of the current minibatch; one that was drawn twice is there twice. */
  readonly members: ArrayLike<number>;
}

/** The covariances of the minibatch mean: with and without the mean gradient's square. */
export type NoiseKind = 'exact' | 'leading';

/** A law as what is done to the gradients: pick the members, centre them or not, and scale. */
export interface ResolvedLaw {
  readonly members: readonly number[];
  /** The covariance is the sum over members of `scale² (g − mean)(g − mean)ᵀ`. */
  readonly scale: number;
  readonly centred: boolean;
}

/**
 * The covariance of a law over `N` examples, where entry `row` of example `i`'s gradient is `entry(row, i)`.
 *
 * @throws ArgumentError as `resolveLaw`.
 * @throws NumericalError when a variance overflows.
 */
export function noiseOf(
  where: string,
  law: NoiseLaw,
  gradients: {
    readonly samples: number;
    readonly size: number;
    readonly entry: (row: number, i: number) => number;
    readonly like: Tensor;
  },
): FactoredNoise {
  const { samples, size, entry, like } = gradients;
  const { members, scale, centred } = resolveLaw(where, law, samples);
  const b = members.length;
  const F = allocate(where, size, b);
  for (let row = 0; row < size; row++) {
    let mean = 0;
    for (let j = 0; j < b; j++) {
      const value = scale * entry(row, members[j]);
      F[row * b + j] = value;
      mean += value / b;
    }
    // Right-multiplication by I − 11ᵀ/b: the factor of the centred covariance, since the projection is its own square.
    if (centred) for (let j = 0; j < b; j++) F[row * b + j] -= mean;
  }
  return fromFactor(where, tensor(F, { backend: like.backend, dtype: like.dtype, shape: [size, b] }));
}

/** @throws ArgumentError for another kind, a minibatch that cannot be drawn, or members that are not examples. */
export function resolveLaw(where: string, law: NoiseLaw, N: number): ResolvedLaw {
  checkChoice(where, 'options.kind', law.kind, ['exact', 'leading', 'within', 'printed']);
  if (isOfMean(law)) {
    const members = Array.from({ length: N }, (_, i) => i);
    const scale = Math.sqrt(batchFactor({ ...law, samples: N }) / N);
    return { members, scale, centred: law.kind === 'exact' };
  }
  const members = checkMembers(where, 'options.members', law.members, N);
  return { members, scale: 1 / Math.sqrt(members.length), centred: law.kind === 'within' };
}

function isOfMean(law: NoiseLaw): law is MeanLaw {
  return law.kind === 'exact' || law.kind === 'leading';
}

/**
 * The examples of a minibatch.
 *
 * @throws ArgumentError for none, for what is no example, and for repeated ones where they are to be `different`.
 */
export function checkMembers(
  where: string,
  argument: string,
  given: ArrayLike<number> | undefined,
  N: number,
  { different = false }: { readonly different?: boolean } = {},
): readonly number[] {
  const members = Array.from(given ?? []);
  const odd = members.find((member) => !Number.isInteger(member) || member < 0 || member >= N);
  const repeated = different && new Set(members).size < members.length;
  if (odd === undefined && members.length > 0 && !repeated) return members;
  throw new ArgumentError({
    where,
    argument,
    wanted: `examples from 0 to ${N - 1}, one at least${different ? ', all different' : ''}`,
    got: odd ?? members,
  });
}
