import type { BinaryOp, ReduceOp, UnaryOp } from './backend.ts';
import { type FloatArray, sizeOf } from './tensor.ts';

const UNARY: Record<UnaryOp, (x: number) => number> = {
  neg: (x) => -x,
  abs: Math.abs,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  sqrt: Math.sqrt,
  square: (x) => x * x,
  reciprocal: (x) => 1 / x,
};

const BINARY: Record<BinaryOp, (x: number, y: number) => number> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  maximum: Math.max,
  minimum: Math.min,
};

const REDUCE: Record<ReduceOp, { start: number; step: (x: number, y: number) => number }> = {
  sum: { start: 0, step: BINARY.add },
  max: { start: Number.NEGATIVE_INFINITY, step: Math.max },
  min: { start: Number.POSITIVE_INFINITY, step: Math.min },
};

/** An array of zeros in the same number format. */
export function emptyLike(a: FloatArray, length: number): FloatArray {
  return a instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
}

export function unaryLoop(op: UnaryOp, a: FloatArray): FloatArray {
  // `map` with a fixed function keeps each operation's call site monomorphic.
  return a.map(UNARY[op]);
}

/** The shape two operands broadcast to, or undefined when they do not. */
export function broadcastShape(a: readonly number[], b: readonly number[]): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 0; i < rank; i++) {
    const p = a[a.length - rank + i] ?? 1;
    const q = b[b.length - rank + i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) return undefined;
    shape[i] = p === 1 ? q : p;
  }
  return shape;
}

/** Row-major strides with 0 where an extent of 1 is broadcast. */
function broadcastStrides(from: readonly number[], to: readonly number[]): number[] {
  const strides = new Array<number>(to.length).fill(0);
  let stride = 1;
  for (let i = from.length - 1; i >= 0; i--) {
    if (from[i] !== 1) strides[to.length - from.length + i] = stride;
    stride *= from[i];
  }
  return strides;
}

export function binaryLoop(
  op: BinaryOp,
  a: FloatArray,
  shapeA: readonly number[],
  b: FloatArray,
  shapeB: readonly number[],
): { out: FloatArray; shape: number[] } {
  const f = BINARY[op];
  const shape = broadcastShape(shapeA, shapeB) ?? [];
  const size = sizeOf(shape);
  const out = emptyLike(a, size);
  if (a.length === size && b.length === size) {
    for (let i = 0; i < size; i++) out[i] = f(a[i], b[i]);
    return { out, shape };
  }
  const strideA = broadcastStrides(shapeA, shape);
  const strideB = broadcastStrides(shapeB, shape);
  const inner = shape.length > 0 ? shape[shape.length - 1] : 1;
  const stepA = strideA[shape.length - 1] ?? 0;
  const stepB = strideB[shape.length - 1] ?? 0;
  for (let start = 0; start < size; start += inner) {
    let rest = start / inner;
    let offsetA = 0;
    let offsetB = 0;
    for (let axis = shape.length - 2; axis >= 0; axis--) {
      const index = rest % shape[axis];
      rest = (rest - index) / shape[axis];
      offsetA += index * strideA[axis];
      offsetB += index * strideB[axis];
    }
    for (let j = 0; j < inner; j++) out[start + j] = f(a[offsetA + j * stepA], b[offsetB + j * stepB]);
  }
  return { out, shape };
}

export function reduceLoop(
  op: ReduceOp,
  a: FloatArray,
  shape: readonly number[],
  axis: number,
): { out: FloatArray; shape: number[] } {
  const { start, step } = REDUCE[op];
  const outer = sizeOf(shape.slice(0, axis));
  const length = shape[axis];
  const inner = sizeOf(shape.slice(axis + 1));
  // Sums are accumulated in float64 whatever the format.
  const total = new Float64Array(outer * inner).fill(start);
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < length; j++) {
      const from = (i * length + j) * inner;
      for (let k = 0; k < inner; k++) total[i * inner + k] = step(total[i * inner + k], a[from + k]);
    }
  }
  const out = emptyLike(a, total.length);
  out.set(total);
  return { out, shape: shape.map((extent, i) => (i === axis ? 1 : extent)) };
}

export function transposeLoop(a: FloatArray, rows: number, columns: number): FloatArray {
  const out = emptyLike(a, rows * columns);
  const block = 32;
  for (let i0 = 0; i0 < rows; i0 += block) {
    const i1 = Math.min(rows, i0 + block);
    for (let j0 = 0; j0 < columns; j0 += block) {
      const j1 = Math.min(columns, j0 + block);
      for (let i = i0; i < i1; i++) for (let j = j0; j < j1; j++) out[j * rows + i] = a[i * columns + j];
    }
  }
  return out;
}
