import { relu } from '@sntk/architecture';
import { matmul, syrk, type Tensor, toFloat64, zeros } from '@sntk/linalg';
import type { DenseStep, Step } from './plan.ts';
import type { Points } from './points.ts';
import type { PairState } from './state.ts';

/** Cosines closer to ±1 than this are left to the careful recursion; beyond it a plain angle has 13 digits. */
const NEAR = 1e-5;

export interface FusedRequest {
  readonly X: Tensor;
  /** Absent for `X` against itself, of which only what is below the diagonal is asked for, and then mirrored. */
  readonly Z: Tensor | undefined;
  readonly x: Points;
  readonly z: Points;
  /** The careful recursion, for pairs that the fast one could not do accurately. */
  readonly careful: (i: number, j: number) => PairState;
}

/**
 * Runs all pairs through the backend's ReLU recursion where there is one, in place: the products of the points become
 * their NNGP. Without Z the diagonals are not set. Gives nothing where the backend or the architecture does not fit.
 */
export function fusedRelu(
  steps: readonly Step[],
  { X, Z, x, z, careful }: FusedRequest,
): { readonly nngp: Tensor; readonly ntk: Tensor } | undefined {
  const recursion = X.backend.fused?.reluRecursion;
  const layers = reluChain(steps);
  if (!recursion || !layers || X.dtype !== 'float64' || (Z ?? X).dtype !== 'float64') return undefined;
  const [start, ...rest] = layers;
  const ntk = zeros([x.count, z.count], { backend: X.backend, dtype: 'float64' });
  // All products before any recursion: a library's threads go on spinning for a while after each of its calls.
  const rows = X.backend.upload(x.entries, [x.count, x.dimension], true);
  const nngp = Z ? matmul(rows, Z, { transposeB: true }) : syrk(rows, { triangle: 'lower' });
  const products = toFloat64(nngp);
  const variances = entering(x, rest.length);
  recursion({
    rows: x.count,
    columns: z.count,
    firstNngp: products,
    firstLayer: { weight: start.weightVariance / x.dimension, bias: start.biasVariance },
    rowVariances: variances,
    columnVariances: Z ? entering(z, rest.length) : variances,
    weightVariances: rest.map((layer) => layer.weightVariance),
    biasVariances: rest.map((layer) => layer.biasVariance),
    // Angles shrink from layer to layer, so the first layer shows opposite pairs and the last one close pairs.
    near: {
      cosine: 1 - NEAR,
      rowVariances: outputs(x),
      columnVariances: outputs(z),
      pair(i, j) {
        const { covariance, ntk: theta } = careful(i, j);
        return { nngp: covariance, ntk: theta };
      },
    },
    mirrored: Z === undefined,
    nngp: products,
    ntk: toFloat64(ntk),
  });
  return { nngp, ntk };
}

/** The dense layers of a chain of dense layers with ReLU between all of them, in parameterization 'ntk'. */
function reluChain(steps: readonly Step[]): readonly DenseStep[] | undefined {
  if (steps.length < 3 || steps.length % 2 === 0) return undefined;
  const layers: DenseStep[] = [];
  for (const [i, step] of steps.entries()) {
    if (i % 2 === 0 && step.kind === 'dense' && step.gainsAreVariances) layers.push(step);
    else if (i % 2 === 0 || step.kind !== 'dual' || step.dual !== relu.dual) return undefined;
  }
  return layers;
}

/** Variances entering each ReLU, `[layers, points]`. ReLUs are every second step. */
function entering({ tapes, count }: Points, layers: number): Float64Array {
  const all = new Float64Array(layers * count);
  for (let i = 0; i < count; i++) {
    for (let l = 0; l < layers; l++) all[l * count + i] = tapes[i].variances[2 * l];
  }
  return all;
}

function outputs({ tapes }: Points): Float64Array {
  return Float64Array.from(tapes, ({ nngp }) => nngp);
}
