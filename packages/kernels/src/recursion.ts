import type { ActivationDual, PairMoments, ResolvedLayer } from '@sntk/architecture';
import { ArgumentError, UnavailableError } from '@sntk/errors';
import { type FirstPair, firstPair, type Points } from './first-layer.ts';

/** A dense layer with the factors that its part of the NNGP and NTK recursions needs. */
export interface KernelLayer extends ResolvedLayer {
  /** Dual of the activation before this layer; absent on the first layer. */
  readonly dual?: ActivationDual;
  /** What the layer's own weights add to Θ for each unit of its inputs' second moment: `weightScale² n_in`. */
  readonly weightGain: number;
  /** What its own biases add: `biasScale²`. */
  readonly biasGain: number;
}

/** Prepares an architecture's layers for the recursions. Throws where an activation has no dual. */
export function kernelLayers(layers: readonly ResolvedLayer[]): readonly KernelLayer[] {
  return layers.map((layer, l) => {
    const gains = {
      weightGain: layer.weightScale * layer.weightScale * layer.inputs,
      biasGain: layer.biasScale * layer.biasScale,
    };
    if (l === 0) return { ...layer, ...gains };
    const activation = layers[l - 1].activation;
    if (!activation) return { ...layer, ...gains, dual: LINEAR };
    if (!activation.dual) {
      throw new UnavailableError(
        'analyticKernel',
        `activation ${activation.name} has no closed-form dual; give it one as activation.dual`,
      );
    }
    return { ...layer, ...gains, dual: activation.dual };
  });
}

/** Two dense layers in a row: nothing happens in between. */
const LINEAR: ActivationDual = {
  diagonal: (q) => ({ covariance: q, derivative: 1 }),
  pair(p, out) {
    out.covariance = p.covariance;
    out.derivative = 1;
    out.distance = p.distance;
    out.determinant = p.determinant;
  },
};

/** NNGP variances entering every activation `[L, N]` (first layer first) and the diagonals of both kernels. */
export interface Diagonals {
  /** `variances[l][i] = Σ^{l+1}(x_i, x_i)`. */
  readonly variances: readonly Float64Array[];
  readonly ntk: Float64Array;
}

/** The diagonals in closed form, MATH (3)–(6). */
export function diagonals(layers: readonly KernelLayer[], first: Float64Array): Diagonals {
  const variances = [first];
  const [start] = layers;
  const ntk = first.map((q) => firstTangent(start, q));
  for (const layer of layers.slice(1)) {
    const before = variances[variances.length - 1];
    const after = new Float64Array(before.length);
    for (let i = 0; i < before.length; i++) {
      const { covariance, derivative } = layer.dual!.diagonal(before[i]);
      after[i] = layer.weightVariance * covariance + layer.biasVariance;
      ntk[i] = layer.weightGain * covariance + layer.biasGain + layer.weightVariance * derivative * ntk[i];
    }
    variances.push(after);
  }
  return { variances, ntk };
}

/** `Θ¹` from `Σ¹`: both are an inner product and a bias, weighted by the layer's gains. */
export function firstTangent(layer: KernelLayer, covariance: number): number {
  const inner = (covariance - layer.biasVariance) / layer.weightVariance;
  return layer.weightGain * inner + layer.biasGain;
}

/** The recursion for one pair of points, accurate for every angle between them. Gives `Σ` and `Θ`. */
export function pairRecursion(layers: readonly KernelLayer[], X: Points, Z: Points): PairKernel {
  const state: FirstPair = { covariance: 0, distance: 0, determinant: 0 };
  const moments: PairMoments = { covariance: 0, derivative: 0, distance: 0, determinant: 0 };
  const pair = { varianceU: 0, varianceV: 0, covariance: 0, distance: 0, determinant: 0 };
  return (i, j, qx, qz, out) => {
    firstPair(X, i, Z, j, layers[0], state);
    let theta = firstTangent(layers[0], state.covariance);
    for (let l = 1; l < layers.length; l++) {
      const { dual, weightVariance: w, biasVariance: b, weightGain, biasGain } = layers[l];
      pair.varianceU = qx[l - 1][i];
      pair.varianceV = qz[l - 1][j];
      pair.covariance = state.covariance;
      pair.distance = state.distance;
      pair.determinant = state.determinant;
      dual!.pair(pair, moments);
      theta = weightGain * moments.covariance + biasGain + w * moments.derivative * theta;
      state.covariance = w * moments.covariance + b;
      state.distance = w * moments.distance;
      // det of w·T + b: the bias adds w b E(φ(u) − φ(v))².
      state.determinant = w * w * moments.determinant + w * b * moments.distance;
    }
    out.nngp = state.covariance;
    out.ntk = theta;
  };
}

export type PairKernel = (
  i: number,
  j: number,
  variancesX: readonly Float64Array[],
  variancesZ: readonly Float64Array[],
  out: { nngp: number; ntk: number },
) => void;

/** Throws when a kernel is asked for points that are not rows of the architecture's input dimension, or not finite. */
export function checkPoints(argument: string, points: Points, inputs: number): void {
  if (points.dimension !== inputs) {
    throw new ArgumentError({
      where: 'analyticKernel',
      argument,
      wanted: `of shape [N, ${inputs}]`,
      got: [points.count, points.dimension],
    });
  }
  for (let i = 0; i < points.count; i++) {
    if (!Number.isFinite(points.squaredNorms[i])) {
      throw new ArgumentError({
        where: 'analyticKernel',
        argument,
        wanted: 'finite rows with finite squared lengths',
        got: `row ${i}`,
      });
    }
  }
}
