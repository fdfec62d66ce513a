import { relu } from '@sntk/architecture';
import { matmul, type Tensor, toFloat64 } from '@sntk/linalg';
import type { DenseStep, Step } from './plan.ts';
import type { Points } from './points.ts';

/** Cosines closer to ±1 than this are left to the careful recursion; beyond it a plain angle has 13 digits. */
const NEAR = 1e-5;

export interface FusedRequest {
  readonly X: Tensor;
  readonly Z: Tensor;
  readonly x: Points;
  readonly z: Points;
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
}

/**
 * Runs the whole block through the backend's ReLU recursion where there is one, and tells which pairs it could not do
 * accurately. Gives undefined, with nothing done, where the backend or the architecture does not fit.
 */
export function fusedRelu(
  steps: readonly Step[],
  request: FusedRequest,
): ((i: number, j: number) => boolean) | undefined {
  const { X, Z, x, z, nngp, ntk } = request;
  const kernel = X.backend.fused?.reluRecursion;
  const layers = reluChain(steps);
  if (!kernel || !layers || X.dtype !== 'float64' || Z.dtype !== 'float64') return undefined;

  const [rows, columns] = [x.count, z.count];
  const [start, ...rest] = layers;
  const first = toFloat64(matmul(X, Z, { transposeB: true })).slice();
  const scale = start.weightVariance / x.dimension;
  for (let i = 0; i < first.length; i++) first[i] = scale * first[i] + start.biasVariance;
  kernel({
    rows,
    columns,
    firstNngp: first,
    rowVariances: entering(x, rest.length),
    columnVariances: entering(z, rest.length),
    weightVariances: rest.map((layer) => layer.weightVariance),
    biasVariances: rest.map((layer) => layer.biasVariance),
    nngp,
    ntk,
  });

  // Angles shrink from layer to layer, so the first layer shows opposite pairs and the last one close pairs.
  return (i, j) => {
    const at = i * columns + j;
    const outermost = Math.sqrt(x.tapes[i].variances[0] * z.tapes[j].variances[0]);
    if (first[at] < (NEAR - 1) * outermost) return true;
    return nngp[at] > (1 - NEAR) * Math.sqrt(x.tapes[i].nngp * z.tapes[j].nngp);
  };
}

/** The dense layers of a chain of dense layers with ReLU between all of them, in parameterization 'ntk'. */
function reluChain(steps: readonly Step[]): readonly DenseStep[] | undefined {
  if (steps.length < 3 || steps.length % 2 === 0) return undefined;
  const layers: DenseStep[] = [];
  for (const [i, step] of steps.entries()) {
    if (i % 2 === 0 && step.kind === 'dense' && isNtk(step)) layers.push(step);
    else if (i % 2 === 0 || step.kind !== 'dual' || step.dual !== relu.dual) return undefined;
  }
  return layers;
}

/** Whether a layer's tangent gains are those of parameterization 'ntk', MATH (5). */
function isNtk(layer: DenseStep): boolean {
  const same = (a: number, b: number) => Math.abs(a - b) <= 4 * Number.EPSILON * b;
  return same(layer.weightGain, layer.weightVariance) && same(layer.biasGain, layer.biasVariance);
}

/** Variances entering each ReLU, `[layers, N]`: every second entry of the tapes. */
function entering(points: Points, layers: number): Float64Array {
  const all = new Float64Array(layers * points.count);
  points.tapes.forEach(({ variances }, i) => {
    for (let l = 0; l < layers; l++) all[l * points.count + i] = variances[2 * l];
  });
  return all;
}
