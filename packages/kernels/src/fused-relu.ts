import { relu } from '@sntk/architecture';
import { matmul, type Tensor, toFloat64 } from '@sntk/linalg';
import type { Diagonals, KernelLayer } from './recursion.ts';

/** Cosines closer to ±1 than this are left to the careful recursion; beyond it a plain angle has 13 digits. */
const NEAR = 1e-5;

export interface FusedRequest {
  readonly X: Tensor;
  readonly Z: Tensor;
  readonly qx: Diagonals;
  readonly qz: Diagonals;
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
}

/**
 * Runs the whole block through the backend's ReLU recursion where there is one, and tells which pairs it could not do
 * accurately. Gives undefined, with nothing done, where the backend or the architecture does not fit.
 */
export function fusedRelu(
  layers: readonly KernelLayer[],
  request: FusedRequest,
): ((i: number, j: number) => boolean) | undefined {
  const { X, Z, qx, qz, nngp, ntk } = request;
  const kernel = X.backend.fused?.reluRecursion;
  const fits = layers.slice(1).every((layer) => layer.dual === relu.dual && isNtk(layer)) && isNtk(layers[0]);
  if (!kernel || !fits || layers.length < 2 || X.dtype !== 'float64' || Z.dtype !== 'float64')
    return undefined;

  const rows = X.shape[0];
  const columns = Z.shape[0];
  const first = toFloat64(matmul(X, Z, { transposeB: true })).slice();
  const scale = layers[0].weightVariance / layers[0].inputs;
  for (let i = 0; i < first.length; i++) first[i] = scale * first[i] + layers[0].biasVariance;
  const entering = layers.length - 1;
  kernel({
    rows,
    columns,
    firstNngp: first,
    rowVariances: stack(qx.variances.slice(0, entering), rows),
    columnVariances: stack(qz.variances.slice(0, entering), columns),
    weightVariances: layers.slice(1).map((layer) => layer.weightVariance),
    biasVariances: layers.slice(1).map((layer) => layer.biasVariance),
    nngp,
    ntk,
  });

  // Angles shrink from layer to layer, so the first layer shows opposite pairs and the last one close pairs.
  const q0 = [qx.variances[0], qz.variances[0]];
  const qn = [qx.variances[entering], qz.variances[entering]];
  return (i, j) => {
    const at = i * columns + j;
    const outermost = Math.sqrt(q0[0][i] * q0[1][j]);
    if (first[at] < (NEAR - 1) * outermost) return true;
    return nngp[at] > (1 - NEAR) * Math.sqrt(qn[0][i] * qn[1][j]);
  };
}

/** Whether a layer's tangent gains are those of parameterization 'ntk', MATH (5). */
function isNtk(layer: KernelLayer): boolean {
  const same = (a: number, b: number) => Math.abs(a - b) <= 4 * Number.EPSILON * b;
  return same(layer.weightGain, layer.weightVariance) && same(layer.biasGain, layer.biasVariance);
}

function stack(rows: readonly Float64Array[], length: number): Float64Array {
  const all = new Float64Array(rows.length * length);
  rows.forEach((row, l) => {
    all.set(row, l * length);
  });
  return all;
}
