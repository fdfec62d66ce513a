import { relu } from '@sntk/architecture';
import { matmul, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import type { DenseStep, Step } from './plan.ts';
import type { Points } from './points.ts';
import type { PairState } from './state.ts';

/** Cosines closer to ±1 than this are left to the careful recursion; beyond it a plain angle has 13 digits. */
const NEAR = 1e-5;

/** Rows done at a time: a strip's arrays stay in the cache. */
const STRIP = 128;

export interface FusedRequest {
  readonly X: Tensor;
  /** Absent for `X` against itself, of which only what is below the diagonal is asked for, and then mirrored. */
  readonly Z: Tensor | undefined;
  readonly x: Points;
  readonly z: Points;
  /** `[N, M]`. */
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
  /** The careful recursion, for pairs that the fast one could not do accurately. */
  readonly careful: (i: number, j: number) => PairState;
}

/**
 * Runs all pairs through the backend's ReLU recursion where there is one. Gives false, with nothing done, where the
 * backend or the architecture does not fit.
 */
export function fusedRelu(steps: readonly Step[], request: FusedRequest): boolean {
  const { X, Z, x, z } = request;
  const kernel = X.backend.fused?.reluRecursion;
  const layers = reluChain(steps);
  if (!kernel || !layers || X.dtype !== 'float64' || (Z ?? X).dtype !== 'float64') return false;
  const [start, ...rest] = layers;
  const scale = start.weightVariance / x.dimension;
  const rowsOf = roots(x, rest.length);
  const columnsOf = Z ? roots(z, rest.length) : rowsOf;
  const widest = Z ? 0 : Math.min(STRIP, x.count) * z.count;
  const scratch = { nngp: new Float64Array(widest), ntk: new Float64Array(widest) };
  for (let top = 0; top < x.count; top += STRIP) {
    const bottom = Math.min(top + STRIP, x.count);
    const columns = Z ? z.count : bottom;
    const size = (bottom - top) * columns;
    const part = (points: Points, from: number, to: number): Tensor =>
      tensor(points.entries.slice(from * x.dimension, to * x.dimension), {
        backend: X.backend,
        shape: [to - from, x.dimension],
      });
    // The product is ours alone, so it is changed in place.
    const first = toFloat64(matmul(part(x, top, bottom), Z ?? part(z, 0, columns), { transposeB: true }));
    for (let at = 0; at < size; at++) first[at] = scale * first[at] + start.biasVariance;
    const result = Z
      ? {
          nngp: request.nngp.subarray(top * columns, top * columns + size),
          ntk: request.ntk.subarray(top * columns, top * columns + size),
        }
      : { nngp: scratch.nngp.subarray(0, size), ntk: scratch.ntk.subarray(0, size) };
    kernel({
      rows: bottom - top,
      columns,
      firstNngp: first,
      rowVariances: entering(rowsOf, top, bottom),
      columnVariances: entering(columnsOf, 0, columns),
      weightVariances: rest.map((layer) => layer.weightVariance),
      biasVariances: rest.map((layer) => layer.biasVariance),
      ...result,
    });
    redo(request.careful, { ...result, first, x: rowsOf, z: columnsOf, top, bottom, columns });
    if (!Z) {
      spread(result.nngp, request.nngp, { top, columns, size: x.count });
      spread(result.ntk, request.ntk, { top, columns, size: x.count });
    }
  }
  return true;
}

interface Strip {
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
  readonly first: Float64Array;
  readonly x: Roots;
  readonly z: Roots;
  readonly top: number;
  readonly bottom: number;
  readonly columns: number;
}

/**
 * Replaces what the fast recursion could not do: angles shrink from layer to layer, so the first layer shows opposite
 * pairs and the last one close pairs.
 */
function redo(careful: FusedRequest['careful'], strip: Strip): void {
  const { nngp, ntk, first, x, z, top, bottom, columns } = strip;
  for (let i = top, at = 0; i < bottom; i++) {
    const [opposite, close] = [(NEAR - 1) * x.outermost[i], (1 - NEAR) * x.innermost[i]];
    for (let j = 0; j < columns; j++, at++) {
      if (first[at] >= opposite * z.outermost[j] && nngp[at] <= close * z.innermost[j]) continue;
      const state = careful(i, j);
      nngp[at] = state.covariance;
      ntk[at] = state.ntk;
    }
  }
}

/** Copies a strip that ends at the diagonal to its place and, mirrored tile by tile, to that across the diagonal. */
function spread(
  strip: Float64Array,
  target: Float64Array,
  { top, columns, size }: { readonly top: number; readonly columns: number; readonly size: number },
): void {
  for (let i = top; i < columns; i++) {
    const row = (i - top) * columns;
    target.set(strip.subarray(row, row + i), i * size);
  }
  for (let left = 0; left < columns; left += TILE) {
    const right = Math.min(left + TILE, columns);
    for (let above = top; above < columns; above += TILE) {
      const below = Math.min(above + TILE, columns);
      for (let j = left; j < right; j++) {
        for (let i = Math.max(above, j + 1); i < below; i++) {
          target[j * size + i] = strip[(i - top) * columns + j];
        }
      }
    }
  }
}

const TILE = 16;

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

/** Of each point, variances and what the cosines of the first and of the last layer are taken with. */
interface Roots {
  /** Entering each ReLU, layer by layer. */
  readonly entering: readonly Float64Array[];
  readonly outermost: Float64Array;
  readonly innermost: Float64Array;
}

function roots({ tapes }: Points, layers: number): Roots {
  // ReLUs are every second step.
  const entering = Array.from({ length: layers }, (_, l) =>
    Float64Array.from(tapes, ({ variances }) => variances[2 * l]),
  );
  return {
    entering,
    outermost: entering[0].map(Math.sqrt),
    innermost: Float64Array.from(tapes, ({ nngp }) => Math.sqrt(nngp)),
  };
}

/** Variances entering each ReLU of some points, `[layers, points]`. */
function entering(points: Roots, from: number, to: number): Float64Array {
  const all = new Float64Array(points.entering.length * (to - from));
  points.entering.forEach((layer, l) => {
    all.set(layer.subarray(from, to), l * (to - from));
  });
  return all;
}
